/**
 * The forward steps of a move after the reservation: ports on the new host, the guest stops on the
 * old one, its ports switch, it starts on the new one, and the server's row follows.
 */
import type { CommandResult, HostCommandBody } from '#contracts/host/host-link.ts';
import type { Host, Move, Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { allocateServer } from '#core/ledger/host-ledger.ts';
import { AbortedMove } from '#core/servers/aborted-move.ts';
import { needsConfirmation } from '#core/servers/move.ts';
import type { Server, TaskState } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { hostChange } from '../hosts/host-change.ts';
import { dropImage } from '../images/drop-image.ts';
import { announceLive } from './announce.ts';
import { activateSide, addBindings, expectedNics } from './move-ports.ts';
import { offerEnd } from './offer-end.ts';
import { takesFiles } from './reserve.ts';
import { guestOnSide, hostOnSide, isWithinHost, keepsFiles, moveOf } from './sides.ts';

type MoveStep = (context: WorkflowContext, task: Task<'move'>) => Promise<StepOutcome<'move'>>;

/**
 * Binds the ports on the new host, and commands the old one to offer the files of a guest that
 * runs, so that the new one prepares for it meanwhile; one that is off leaves at once.
 */
export const bindTarget: MoveStep = async (context, task) => {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const host = await targetOf(context, move);
  await addBindings(context, task, { server, move, host });
  const now = context.clock.now();
  const events = [finishedEvent(context, 'bind_ports', startedAt, { host: host.name })];
  const { source } = move;
  if (source === null || isWithinHost(move) || !takesFiles(move.type)) {
    return { events, next: { step: 'switch-ports', data: task.data, dueAt: now } };
  }
  const guest = await guestOnSide(context, server, move, 'before');
  const at = { hostId: source.id, serverId: server.id };
  const data = { ...task.data, startedAt: now };
  const to = host.name;
  const isOff = move.context.vmState === 'stopped' || data.sourceMayBeOut === true;
  if (isOff) {
    return {
      events,
      server: { taskState: 'resize_migrating' },
      command: { ...at, body: { do: 'move-out', guest, to } },
      next: { step: 'source-left', data: { ...data, sourceMayBeOut: true }, dueAt: null },
    };
  }
  const after = await expectedNics(context, { server, move, host });
  const moved = { ...move.context, nics: { before: server.nics, after } };
  const isLive = move.type === 'live-migration';
  if (isLive) {
    const coming = await guestOnSide(context, server, { ...move, context: moved }, 'after');
    events.push(await announceLive(context, server, { guest: coming, host }));
  }
  return {
    move: { id: move.id, context: moved },
    events,
    command: { ...at, body: { do: 'offer', guest, to, ...(!isLive && { mayBeOff: true }) } },
    next: { step: 'offered', data, dueAt: null },
  };
};

/** Throws the old host's error. */
export const sourceLeft: MoveStep = async (context, task) => {
  const result = await answerOf(context, task, ['move-out']);
  const now = context.clock.now();
  return {
    events: [finishedEvent(context, 'move_out', task.data.startedAt ?? now)],
    next: {
      step: 'switch-ports',
      data: { ...task.data, files: result.output ?? task.data.files ?? '' },
      dueAt: now,
    },
  };
};

/** The ports are those of the new host from here on, which is commanded to start the guest. */
export const switchPorts: MoveStep = async (context, task) => {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const host = await targetOf(context, move);
  const after = await activateSide(context, task, 'after', { server, move, host });
  const moved = { ...move.context, nics: { before: server.nics, after } };
  const body = await arrival(context, task, { server, move: { ...move, context: moved } });
  const now = context.clock.now();
  return {
    move: { id: move.id, context: moved },
    server: { taskState: arrivingState(move) },
    command: { hostId: host.id, serverId: server.id, body },
    events: [finishedEvent(context, 'switch_ports', startedAt, { host: host.name })],
    next: {
      step: 'target-started',
      data: { ...task.data, startedAt: now, targetMayHaveGuest: true },
      dueAt: null,
    },
  };
};

function arrivingState({ type }: Move): TaskState {
  if (type === 'live-migration') return 'migrating';
  if (type === 'evacuation') return 'rebuilding';
  return type === 'unshelve' ? 'unshelving' : 'resize_finish';
}

/** The command by which the guest comes to the new host, or is brought to its state there. */
async function arrival(
  context: WorkflowContext,
  { data }: Task<'move'>,
  { server, move }: { server: Server; move: Move },
): Promise<HostCommandBody> {
  const guest = await guestOnSide(context, server, move, 'after');
  const { arrivesOff: isOff } = move.context;
  const staysOff = isOff ? ({ staysOff: true } as const) : {};
  if (isWithinHost(move)) return { do: 'respawn', guest, ...staysOff, keepsFiles: true };
  const kept = keepsFiles(move);
  if (!takesFiles(move.type)) {
    // What is left of the server on this storage is older than its image.
    const disk = kept.keepsFiles === true ? kept : ({ fresh: true } as const);
    return isOff ? { do: 'respawn', guest, ...staysOff, ...disk } : { do: 'spawn', guest, ...disk };
  }
  const state = isOff ? 'shutOff' : move.context.vmState === 'paused' ? 'paused' : 'running';
  const from = move.source?.name ?? '';
  return { do: 'move-in', guest, from, files: data.files ?? '', state, ...kept };
}

/** The server is on its new host from here on. Throws that host's error. */
export const targetStarted: MoveStep = async (context, task) => {
  await answerOf(context, task, ['spawn', 'respawn', 'move-in']);
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const host = await targetOf(context, move);
  const devices = await context.fleet.devices(context.store.hosts, host);
  const entry = allocateServer(host, devices, server.id);
  const { requests, flavors, nics } = move.context;
  const startedAt = task.data.startedAt ?? context.clock.now();
  // The removal that follows a live migration ends all that is offered.
  const command = move.type === 'live-migration' ? undefined : await offerEnd(context, move);
  return {
    ...(command !== undefined && { command }),
    ...(entry.devices !== undefined && { host: hostChange(host, entry) }),
    server: {
      flavor: flavors.after,
      hostId: host.id,
      hostName: host.name,
      availabilityZone: host.availabilityZone,
      fault: null,
      shelvedImageId: null,
      ...stateAfter(context, move),
    },
    nics: nics.after ?? [],
    newPciRequests: requests.after,
    removedPciRequests: requests.before.map(({ requestId }) => requestId),
    events: [finishedEvent(context, 'spawn', startedAt, { host: host.name })],
    ...ending(context, task, { move, imageId: server.shelvedImageId }),
  };
};

/** The disk is the guest's own by now, and that is recorded. */
export const dropShelvedImage: MoveStep = async (context, { data }) => {
  if (data.imageId !== undefined) await dropImage(context, data.imageId);
  return {
    move: { id: data.moveId, status: 'completed' },
    server: { taskState: null },
    outcome: succeeded,
    next: null,
  };
};

function stateAfter({ clock }: WorkflowContext, { type, context }: Move): Partial<Server> {
  const { arrivesOff: isOff } = context;
  if (type === 'live-migration') return { vmState: context.vmState };
  return {
    vmState: needsConfirmation(type) ? 'resized' : isOff ? 'stopped' : 'active',
    taskState: type === 'unshelve' ? 'unshelving' : null,
    powerState: isOff ? 4 : 1,
    launchedAt: clock.now(),
  };
}

function ending(
  { clock }: WorkflowContext,
  { data }: Task<'move'>,
  { move: { id, type, source }, imageId }: { move: Move; imageId: string | null },
): Pick<StepOutcome<'move'>, 'move'> &
  ({ next: null; outcome: typeof succeeded } | { next: StepOutcome<'move'>['next'] & object }) {
  const ended = { next: null, outcome: succeeded };
  switch (type) {
    case 'live-migration':
      return {
        move: { id, status: 'post-migrating' },
        next: { step: 'clear-source', data, dueAt: clock.now() },
      };
    case 'evacuation':
      return { move: { id, status: 'done', leftOn: source?.id ?? null }, ...ended };
    case 'unshelve':
      return {
        move: { id, status: 'post-migrating' },
        next: {
          step: 'drop-image',
          data: { ...data, ...(imageId !== null && { imageId }) },
          dueAt: clock.now(),
        },
      };
    case 'shelve':
      return { move: { id, status: 'completed' }, ...ended };
    case 'resize':
    case 'migration':
      return { move: { id, status: 'finished' }, ...ended };
  }
}

/** The host that was chosen. */
export async function targetOf(context: WorkflowContext, move: Move): Promise<Host> {
  const host = await hostOnSide(context, move, 'after');
  invariant(host, `no host was chosen for the move ${move.id}`);
  return host;
}

/** What the newest command of these kinds resulted in. Throws the host's error. */
export async function answerOf(
  { store }: Pick<WorkflowContext, 'store'>,
  { serverId }: Pick<Task, 'serverId'>,
  kinds: Parameters<typeof store.commands.last> extends [string, ...infer Kinds] ? Kinds : never,
): Promise<CommandResult & { ok: true }> {
  const command = await store.commands.last(serverId, ...kinds);
  invariant(command?.result, `server ${serverId}: its host has not answered ${kinds.join(', ')}`);
  const { result } = command;
  if (result.ok) return result;
  if (result.aborted === true) throw new AbortedMove(result.detail);
  throw new ComputeError('unavailable', result.message, { detail: result.detail });
}
