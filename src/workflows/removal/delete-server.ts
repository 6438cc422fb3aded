/** Begins the deletion of a server: it takes over from any running workflow. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { isHostSilent } from './remove-from-host.ts';

/**
 * Begins the deletion and returns at once; repeating it changes nothing, unless the host that is
 * waited for has stopped reporting.
 */
export async function deleteServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  if (server.taskState === 'deleting' && !(await isHostSilent(context, server))) return;
  const now = context.clock.now();
  const actionId = context.newId();
  const move = await context.store.moves.openOf(server.id);
  await context.store.tasks.begin(
    {
      id: context.newId(),
      serverId: server.id,
      kind: 'delete',
      ...(move === undefined
        ? { step: 'remove-guest', data: {} }
        : { step: 'remove-elsewhere', data: { moveId: move.id } }),
      actionId,
      dueAt: now,
    },
    {
      id: actionId,
      serverId: server.id,
      action: 'delete',
      requestId,
      userId: caller.userId,
      projectId: caller.projectId,
      startedAt: now,
    },
    { taskState: 'deleting' },
  );
  context.wakeup.notify('tasks');
}
