/**
 * Starts a workflow that no user requested, for an idle server: something around it has changed.
 */
import type { TaskDataOf, TaskKind, TaskStepOf } from '#contracts/store/store.ts';
import { isComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';

/** Who acts when no user does, in the list of a server's actions. */
const actor = 'novella';

/**
 * `action`: as the list of the server's actions names it; null: it is not in the list, because
 * nothing is done to the server.
 */
export interface SystemTask<Kind extends TaskKind> {
  kind: Kind;
  step: TaskStepOf[Kind];
  data: TaskDataOf[Kind];
  action: string | null;
}

/**
 * Begins it. `busy`, and nothing done, while another workflow runs for the server; `gone` when it
 * is deleted.
 */
export async function startSystemTask<Kind extends TaskKind>(
  context: WorkflowContext,
  { id: serverId, projectId }: Pick<Server, 'id' | 'projectId'>,
  { action, ...workflow }: SystemTask<Kind>,
): Promise<'begun' | 'busy' | 'gone'> {
  const startedAt = context.clock.now();
  const [id, actionId] = [context.newId(), context.newId()];
  const requestId = `req-${context.newId()}`;
  const listed = { id: actionId, serverId, requestId, userId: actor, projectId, startedAt };
  try {
    await context.store.tasks.begin(
      { ...workflow, id, serverId, actionId, request: { requestId }, dueAt: startedAt },
      action === null ? null : { ...listed, action },
      {},
      { onlyIdle: true },
    );
  } catch (error) {
    if (isComputeError(error, 'conflict')) return 'busy';
    if (isComputeError(error, 'notFound')) return 'gone';
    throw error;
  }
  context.wakeup.notify('tasks');
  return 'begun';
}
