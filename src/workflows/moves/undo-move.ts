/**
 * The steps back: of a move that failed, and of one that its user reverts. The new host loses the
 * guest, the ports return, the guest starts on its old host again, and the claim is released. Where
 * another new host is tried, the guest stays off until that has it, or none is left.
 */
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { Move, NextStep, Task, Transition } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { type MoveStatus, needsConfirmation } from '#core/servers/move.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy, succeeded } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { removalFrom } from './clear-host.ts';
import { offerEnd } from './offer-end.ts';
import { activateSide, dropBindings } from './move-ports.ts';
import { unbindNics } from '../ports/unbind-nics.ts';
import { guestOnSide, hasLanded, hostOnSide, isWithinHost, moveOf, releaseSide } from './sides.ts';

type MoveStep = (context: WorkflowContext, task: Task<'move'>) => Promise<StepOutcome<'move'>>;

/** Commands by which a host gets something of a guest. */
const arrivals = ['spawn', 'respawn', 'prefetch', 'expect', 'move-in'] as const;

/** The new host removes the guest, if it may have one. Within a host the old one replaces it. */
export const clearTarget: MoveStep = async (context, task) => {
  const move = await moveOf(context, task);
  const { targetMayHaveGuest = false } = task.data;
  if (!targetMayHaveGuest || move.target === null || isWithinHost(move)) {
    return { next: { step: 'restore-ports', data: task.data, dueAt: context.clock.now() } };
  }
  const at = { hostId: move.target.id, serverId: task.serverId };
  const arrival = await context.store.commands.lastOn(at, ...arrivals);
  if (arrival?.result?.ok === false && arrival.result.undone === true) {
    return { next: { step: 'restore-ports', data: task.data, dueAt: context.clock.now() } };
  }
  return target.remove(context, task, move.target.id);
};

export const targetCleared: MoveStep = async (context, task) => {
  const move = await moveOf(context, task);
  invariant(move.target, `the move ${move.id} has no new host`);
  return target.removed(context, task, move.target.id);
};

const target = removalFrom({
  command: 'clear-target',
  wait: 'target-cleared',
  following: 'restore-ports',
  event: 'clear_target',
  mustAnswer: mayRunThere,
});

/**
 * Not where the new host was never commanded to start the guest, and the old one was never
 * commanded to send it, or has reported that it still runs it: then the new one has none that runs.
 */
async function mayRunThere(
  { store }: WorkflowContext,
  { data, serverId }: Task<'move'>,
): Promise<boolean> {
  const move = await store.moves.get(data.moveId);
  if (move?.type !== 'live-migration' || move.source === null) {
    const there = { hostId: move?.target?.id ?? '', serverId };
    const prefetch = await store.commands.lastOn(there, 'prefetch');
    const newest = await store.commands.lastOn(there, ...arrivals);
    return prefetch === undefined || prefetch.seq !== newest?.seq;
  }
  if (data.sourceMayBeOut !== true) return false;
  const at = { hostId: move.source.id, serverId };
  const result = (await store.commands.lastOn(at, 'move-out'))?.result;
  return result?.ok !== false || result.undone !== true;
}

/** The bindings of the old host are the active ones again. */
export const restorePorts: MoveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const data = task.data;
  const now = context.clock.now();
  const source = await hostOnSide(context, move, 'before');
  if (move.target !== null) {
    // An evacuated server's old host cannot bind anything, and a shelved server has none.
    if (source === undefined || move.type === 'evacuation') {
      await unbindNics(context, task, server);
    } else await activateSide(context, task, 'before', { server, move, host: source });
  }
  const triesNext = mayTryNext(context, task, move);
  const isOff =
    data.sourceMayBeOut === true || (isWithinHost(move) && data.targetMayHaveGuest === true);
  if (source !== undefined && isOff && !triesNext) {
    return { next: { step: 'restore-source', data, dueAt: now } };
  }
  return {
    next: {
      step: 'release-target',
      data: { ...data, ...(triesNext && { triesNext }) },
      dueAt: now,
    },
  };
};

/** Commands the old host to start the guest again, unless it runs there. */
export const restoreSource: MoveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  invariant(move.source, `the move ${move.id} has no old host`);
  const guest = await guestOnSide(context, server, move, 'before');
  const isOff = move.context.vmState === 'stopped';
  const kept = { guest, keepsFiles: true } as const;
  const body: HostCommandBody =
    isOff || isWithinHost(move)
      ? { do: 'respawn', ...kept, ...(isOff && { staysOff: true }) }
      : {
          do: 'spawn',
          ...kept,
          ...(move.context.vmState === 'paused' && { staysPaused: true }),
        };
  return {
    command: { hostId: move.source.id, serverId: server.id, body },
    next: {
      step: 'source-restored',
      data: { ...task.data, startedAt: context.clock.now() },
      dueAt: null,
    },
  };
};

/** A guest that does not start again is its server's error; the claim is released all the same. */
export const sourceRestored: MoveStep = async (context, task) => {
  const { source } = await moveOf(context, task);
  const at = { hostId: source?.id ?? '', serverId: task.serverId };
  const command = await context.store.commands.lastOn(at, 'spawn', 'respawn');
  const now = context.clock.now();
  const { startedAt = now } = task.data;
  const error = command?.result?.ok === true ? undefined : command?.result?.message;
  const data = { ...task.data, ...(error !== undefined && { sourceProblem: error }) };
  return {
    events: [
      finishedEvent(context, 'restore_source', startedAt, error === undefined ? {} : { error }),
    ],
    next: { step: 'release-target', data, dueAt: now },
  };
};

/**
 * Last step: what was claimed on the new host is free, unless that is silent, and what the old one
 * offers ends. Another host is tried where that can help.
 */
export const releaseTarget: MoveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const { failure, isSilent = false, triesNext = false } = task.data;
  if (move.target !== null && !isWithinHost(move)) {
    await dropBindings(context, server, move.target.name);
  }
  const host = isSilent ? undefined : await releaseSide(context, move, 'after');
  const command = await offerEnd(context, move);
  const ended = { ...(host !== undefined && { host }), ...(command !== undefined && { command }) };
  if (triesNext) return { ...ended, ...nextHost(context, task, { server, move }) };
  return {
    ...ended,
    move: {
      id: move.id,
      status: failedStatus(failure),
      ...(isSilent && { leftOn: move.target?.id ?? null }),
    },
    ...(await rowBefore(context, task, { server, move })),
    outcome: failure === undefined ? succeeded : failedBy(failure),
    next: null,
  };
};

/** Without a failure its user has reverted it. */
function failedStatus(failure: Task<'move'>['data']['failure']): MoveStatus {
  if (failure === undefined) return 'reverted';
  return failure.wasAborted === true ? 'cancelled' : 'error';
}

/**
 * Does the move begin again, without the hosts that failed? A silent host may have the guest, and
 * no other may then start it. A live migration is not repeated once the guest was to leave: every
 * attempt interrupts it.
 */
function mayTryNext(
  { settings }: WorkflowContext,
  { data }: Task<'move'>,
  move: Pick<Move, 'source' | 'target' | 'type'>,
): boolean {
  const { failure, failedHosts = [], isSilent = false, forcedHost, sourceMayBeOut } = data;
  const isUntouched = sourceMayBeOut !== true;
  return (
    failure?.retry === true &&
    !isSilent &&
    forcedHost === null &&
    move.target !== null &&
    (move.type !== 'live-migration' || isUntouched) &&
    !isWithinHost(move) &&
    failedHosts.length + 1 < settings.bootAttempts
  );
}

/** The move begins again. The old host's guest, if it was stopped, stays off. */
function nextHost(
  { clock }: WorkflowContext,
  { data }: Task<'move'>,
  { server, move }: { server: Server; move: Move },
): Pick<Transition, 'move' | 'server'> & { next: NextStep<'move'> } {
  const { failure, moveId, forcedHost, availabilityZone, sourceMayBeOut, failedHosts = [] } = data;
  invariant(move.target !== null && failure, `the move ${move.id} has no new host that failed`);
  const failed = [...failedHosts, { host: move.target.name, reason: failure.message }];
  return {
    move: {
      id: move.id,
      status: 'accepted',
      target: null,
      context: { ...move.context, nics: {} },
    },
    server: { taskState: needsConfirmation(move.type) ? 'resize_prep' : server.taskState },
    next: {
      step: 'reserve',
      data: {
        moveId,
        forcedHost,
        availabilityZone,
        failedHosts: failed,
        ...(sourceMayBeOut === true && { sourceMayBeOut }),
      },
      dueAt: clock.now(),
    },
  };
}

/** The server as it was, or in ERROR when its guest could not be started again. */
async function rowBefore(
  context: WorkflowContext,
  { data }: Task<'move'>,
  { server, move }: { server: Server; move: Move },
): Promise<Pick<Transition, 'server' | 'nics' | 'newPciRequests' | 'removedPciRequests'>> {
  const { vmState, flavors, requests, nics } = move.context;
  const { sourceProblem, failure } = data;
  // No host runs it. Source: Nova.
  const lost = move.type === 'evacuation' ? failure : undefined;
  const created = context.clock.now();
  const fault = (message: string, details: string) => ({
    vmState: 'error' as const,
    fault: { code: 500, message, details, created },
  });
  const state =
    lost !== undefined
      ? fault(lost.message, lost.detail)
      : sourceProblem !== undefined
        ? fault('The server could not be started on its host again.', sourceProblem)
        : { vmState, powerState: vmState === 'stopped' ? (4 as const) : server.powerState };
  const same = { ...state, taskState: null };
  if (!hasLanded(move)) return { server: same };
  const source = await hostOnSide(context, move, 'before');
  return {
    server: {
      ...same,
      flavor: flavors.before,
      hostId: source?.id ?? null,
      hostName: source?.name ?? null,
      availabilityZone: source?.availabilityZone ?? server.availabilityZone,
    },
    nics: nics.before ?? server.nics,
    newPciRequests: requests.before,
    removedPciRequests: requests.after.map(({ requestId }) => requestId),
  };
}
