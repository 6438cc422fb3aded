/** Starts a workflow for a server at a user's wish, and waits for its end where the user does. */
import type { Caller } from '#contracts/identity.ts';
import type { Action, TaskKind } from '#contracts/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server, VmState } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';

/** `action`: as `openstack server event list` names it. */
export interface NewWorkflow {
  kind: TaskKind;
  step: string;
  data: Record<string, unknown>;
  action: string;
  requestId: string;
  /** Fields to set at once, the task state among them. */
  change: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;
}

/**
 * Records the wish; the dispatcher does the rest. Returns the id of its action. Throws `conflict` while another workflow runs
 * for the server, `notFound` when it is deleted.
 */
export async function beginAction(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { kind, step, data, action, requestId, change }: NewWorkflow,
): Promise<string> {
  const now = context.clock.now();
  const actionId = context.newId();
  const task = {
    id: context.newId(),
    serverId: server.id,
    kind,
    step,
    data,
    actionId,
    dueAt: now,
  };
  const { userId, projectId } = caller;
  await context.store.tasks.begin(
    task,
    { id: actionId, serverId: server.id, action, requestId, userId, projectId, startedAt: now },
    change,
    { onlyIdle: true },
  );
  context.wakeup.notify('tasks');
  return actionId;
}

/** Throws `conflict` unless the server is in one of these states with nothing under way. Source: Nova `check_instance_state`. */
export function refuseState(server: Server, action: string, allowed: readonly VmState[]): void {
  const problem =
    server.taskState !== null
      ? `task_state ${server.taskState}`
      : allowed.includes(server.vmState)
        ? undefined
        : `vm_state ${server.vmState}`;
  if (problem === undefined) return;
  throw new ComputeError(
    'conflict',
    `Cannot '${action}' instance ${server.id} while it is in ${problem}`,
  );
}

/** Finds what a lost nudge missed. */
const lookAgainMs = 250;

/** The action once its workflow has ended, or another has taken the server over. */
export async function endOfAction(
  context: WorkflowContext,
  serverId: string,
  actionId: string,
): Promise<Action | undefined> {
  for (;;) {
    const nudged = nextEnd(context, serverId);
    try {
      const task = await context.store.tasks.of(serverId);
      if (task?.actionId !== actionId) break;
      await nudged.promise;
    } finally {
      nudged.stop();
    }
  }
  const actions = await context.store.servers.actions(serverId);
  return actions.find(({ id }) => id === actionId);
}

function nextEnd(context: WorkflowContext, serverId: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = context.wakeup.listen(`ended:${serverId}`, resolve);
  const timer = setTimeout(resolve, lookAgainMs);
  return {
    promise,
    stop: () => {
      unlisten();
      clearTimeout(timer);
    },
  };
}
