/**
 * Starts a workflow for a server at a user's request, and waits for its end where the user does.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type {
  Action,
  Lease,
  NewMove,
  Task,
  TaskDataOf,
  TaskKind,
  TaskStepOf,
} from '#contracts/store/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { Server, VmState } from '#core/servers/server.ts';
import { idsOfRequest } from '#runtime/messages/current-request.ts';
import type { WorkflowContext } from './context.ts';
import { waitForWakeup } from './wait-for-wakeup.ts';
import { hostOf } from './server-of.ts';

/** `action`: its name in `openstack server event list`. */
export interface NewWorkflow<Kind extends TaskKind> {
  kind: Kind;
  step: TaskStepOf[Kind];
  data: TaskDataOf[Kind];
  action: string;
  requestId: string;
  /** Fields to set at once, including the task state. */
  change: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;
  /** The record of the move that begins. */
  move?: NewMove;
  /** The move must be within these. */
  quotas?: ConfiguredQuotas;
  /** Whether its host must answer; default: yes. */
  needsHost?: boolean;
  /** The request leases the task until it releases it. */
  isLeased?: true;
}

/**
 * Records the request; the dispatcher does the rest. Throws `conflict` while another workflow runs
 * for the server, `notFound` when it is deleted, `overQuota` when its move exceeds the quotas.
 */
export async function beginAction<Kind extends TaskKind>(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { kind, step, data, action, requestId, change, ...how }: NewWorkflow<Kind>,
): Promise<Task<Kind>> {
  const { move, quotas, needsHost = true, isLeased } = how;
  if (needsHost) await refuseSilentHost(context, server, action);
  const now = context.clock.now();
  const actionId = context.newId();
  const task = {
    id: context.newId(),
    serverId: server.id,
    kind,
    step,
    data,
    actionId,
    request: idsOfRequest(requestId),
    dueAt: now,
    ...(isLeased === true && { lease: requestLease(context, requestId) }),
  };
  const { userId, projectId } = caller;
  const begun = await context.store.tasks.begin(
    task,
    { id: actionId, serverId: server.id, action, requestId, userId, projectId, startedAt: now },
    change,
    {
      onlyIdle: true,
      ...(move !== undefined && { move }),
      ...(quotas !== undefined && { quotas }),
    },
  );
  context.wakeup.notify('tasks');
  return begun;
}

/**
 * A guest cannot be changed without its host, and the user gets that error at once instead of
 * waiting for it. Throws `conflict`.
 */
export async function refuseSilentHost(
  context: WorkflowContext,
  server: Server,
  action: string,
): Promise<void> {
  const host = await hostOf(context, server);
  if (host === undefined) return;
  if (context.links.isAlive(host)) return;
  throw new ComputeError(
    'conflict',
    `Cannot '${action}' instance ${server.id}: its host is not reachable`,
    { detail: `host ${host.name}` },
  );
}

/** Workflows that a request to change NICs waits for. */
const nicChanges: readonly string[] = ['attach', 'detach', 'follow-ports'] satisfies TaskKind[];

/**
 * As `beginAction`, after the NIC changes that run now: a client removes the ports of a network one
 * by one, without waiting.
 */
export async function beginAfterNicChanges<Kind extends TaskKind>(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  workflow: NewWorkflow<Kind>,
): Promise<Task<Kind>> {
  for (;;) {
    try {
      return await beginAction(context, caller, server, workflow);
    } catch (error) {
      if (!isComputeError(error, 'conflict')) throw error;
      await refuseSilentHost(context, server, workflow.action);
      const running = await context.store.tasks.of(server.id);
      // What was in the way has ended since.
      if (running === undefined) continue;
      if (!nicChanges.includes(running.kind)) throw error;
      await endOfAction(context, server.id, running.actionId);
    }
  }
}

/**
 * Throws `conflict` unless the server is in one of these states with no task in progress. Source:
 * Nova `check_instance_state`.
 */
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

/**
 * For actions after which the way back of a move would be wrong: an administrator may have reset
 * the state of a server that waits for its confirmation. Throws `conflict`.
 */
export async function refuseOpenMove(
  { store }: WorkflowContext,
  server: Server,
  action: string,
): Promise<void> {
  const open = await store.moves.openOf(server.id);
  if (open === undefined) return;
  throw new ComputeError(
    'conflict',
    `Cannot '${action}' instance ${server.id}: its ${open.type} has not ended; confirm or revert it first`,
  );
}

const longestWaitMs = 60_000;

/**
 * The action once its workflow has ended, or another has taken the server over. Throws
 * `unavailable` when that takes longer than a client waits; the workflow continues.
 */
export async function endOfAction(
  context: WorkflowContext,
  serverId: string,
  actionId: string,
): Promise<Action | undefined> {
  const deadline = context.clock.now() + longestWaitMs;
  for (;;) {
    const woken = waitForWakeup(context.wakeup, `ended:${serverId}`);
    try {
      const task = await context.store.tasks.of(serverId);
      if (task?.actionId !== actionId) break;
      if (context.clock.now() > deadline) {
        throw new ComputeError(
          'unavailable',
          `instance ${serverId}: the action has not ended within ${longestWaitMs / 1000} s; it continues, see its events`,
        );
      }
      await woken.promise;
    } finally {
      woken.stop();
    }
  }
  const actions = await context.store.servers.actions(serverId);
  return actions.find(({ id }) => id === actionId);
}

/**
 * Longer than a request takes while the network service answers; a slower request finds its task
 * with another owner.
 */
const leaseMs = 300_000;

/**
 * The lease of a task that is continued by the request which began it: until the request records
 * how the task continues, or five minutes have passed.
 */
export function requestLease(context: WorkflowContext, requestId: string): Lease {
  return { owner: requestOwner(context, requestId), until: context.clock.now() + leaseMs };
}

/**
 * Names the request in leases. With several controllers it names this one too, and its tasks are
 * free when that is dead.
 */
export function requestOwner({ peers }: Pick<WorkflowContext, 'peers'>, requestId: string): string {
  return peers === undefined ? requestId : `${peers.id}/${requestId}`;
}
