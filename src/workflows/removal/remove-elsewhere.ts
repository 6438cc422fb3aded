/**
 * The first steps of a deletion that interrupts a move: the host where the server's row is not
 * loses its guest, and what was claimed there. A host that is silent is not waited for.
 */
import type { Host, Move, Task } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryLater } from '../engine/retry-later.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { dropBindings } from '../moves/move-ports.ts';
import { hasLanded, hostOnSide, isWithinHost, releaseSide, type Side } from '../moves/sides.ts';

type DeleteStep = (
  context: WorkflowContext,
  task: Task<'delete'>,
) => Promise<StepOutcome<'delete'>>;

/** The side where the row is not. */
function otherSide(move: Move): Side {
  return hasLanded(move) ? 'before' : 'after';
}

async function interruptedMove({ store }: WorkflowContext, task: Task<'delete'>): Promise<Move> {
  const move = await store.moves.get(task.data.moveId ?? '');
  invariant(move, `the deletion of ${task.serverId} interrupts a move without a record`);
  return move;
}

/** undefined: there is none but the one that the server is on. */
async function otherHost(context: WorkflowContext, move: Move): Promise<Host | undefined> {
  return isWithinHost(move) ? undefined : hostOnSide(context, move, otherSide(move));
}

/** Commands the other host to remove its guest. */
export const removeElsewhere: DeleteStep = async (context, task) => {
  const move = await interruptedMove(context, task);
  const host = await otherHost(context, move);
  const now = context.clock.now();
  if (host === undefined) {
    return { next: { step: 'release-elsewhere', data: task.data, dueAt: now } };
  }
  return {
    command: {
      hostId: host.id,
      serverId: task.serverId,
      body: { do: 'destroy', guestId: task.serverId },
    },
    next: nextWhileWaiting(context, task, host),
  };
};

export const elsewhereRemoved: DeleteStep = async (context, task) => {
  const host = await otherHost(context, await interruptedMove(context, task));
  invariant(host, `the deletion of ${task.serverId} waits for a host that does not exist`);
  const at = { hostId: host.id, serverId: task.serverId };
  const result = (await context.store.commands.lastOn(at, 'destroy'))?.result;
  const now = context.clock.now();
  if (result == null) return { next: nextWhileWaiting(context, task, host) };
  if (!result.ok) {
    return {
      actionMessage: result.message,
      next: retryLater(task, now, 'remove-elsewhere'),
    };
  }
  return {
    events: [finishedEvent(context, 'destroy', task.data.startedAt ?? now, { host: host.name })],
    next: { step: 'release-elsewhere', data: task.data, dueAt: now },
  };
};

function nextWhileWaiting(
  context: WorkflowContext,
  task: Task<'delete'>,
  host: Host,
): StepOutcome<'delete'>['next'] & object {
  const now = context.clock.now();
  if (!context.links.isAlive(host)) {
    const data = { ...task.data, otherIsSilent: true };
    return { step: 'release-elsewhere', data, dueAt: now };
  }
  const data = { startedAt: now, ...task.data };
  const dueAt = now + context.settings.hostTimeoutMs;
  return { step: 'elsewhere-removed', data, dueAt, awaitsAnswer: true };
}

/** What the other side held is free, and the deletion continues as of any server. */
export const releaseElsewhere: DeleteStep = async (context, task) => {
  const server = await serverOf(context, task);
  const move = await interruptedMove(context, task);
  const { otherIsSilent = false, startedAt: _, moveId: _id, ...data } = task.data;
  const other = await otherHost(context, move);
  // Of the two bindings of a port, either may be the active one, which is unbound later.
  for (const name of [other?.name, server.hostName]) {
    if (name != null) await dropBindings(context, server, name);
  }
  const host = otherIsSilent ? undefined : await releaseSide(context, move, otherSide(move));
  return {
    ...(host !== undefined && { host }),
    move: {
      id: move.id,
      status: hasLanded(move) ? 'confirmed' : 'error',
      ...(otherIsSilent && { leftOn: other?.id ?? null }),
    },
    next: { step: 'remove-guest', data, dueAt: context.clock.now() },
  };
};
