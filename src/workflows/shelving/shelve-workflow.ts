/**
 * Workflow: a server is shelved. Until its image is complete a failure starts the guest again; from
 * then on no step gives up, because what it frees must not leak.
 */
import type { Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { endUnreadable, failedBy, succeeded } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';
import { dropUnmadeImage } from '../images/begin-with-image.ts';
import { dropImage } from '../images/drop-image.ts';
import { guestOf } from '../placement/guest-of.ts';
import { isHostLost, removalSteps } from '../removal/remove-from-host.ts';
import { unbindNics } from '../ports/unbind-nics.ts';
import { releaseChange } from '../removal/tear-down.ts';

type ShelveStep = (
  context: WorkflowContext,
  task: Task<'shelve'>,
) => Promise<StepOutcome<'shelve'>>;

/** The guest is off: the server may return elsewhere before a lost host has removed it. */
const removal = removalSteps<'shelve'>(isHostLost);

const stopGuest: ShelveStep = async (context, task) => {
  const { id, hostId } = await serverOf(context, task);
  const data = { ...task.data, startedAt: context.clock.now() };
  return {
    command: { hostId: hostId ?? '', serverId: id, body: { do: 'stop', guestId: id } },
    next: { step: 'guest-stopped', data, dueAt: null },
  };
};

const guestStopped: ShelveStep = async (context, task) => {
  await answerOf(context, task, 'stop');
  const { id, hostId } = await serverOf(context, task);
  const { imageId } = task.data;
  return {
    server: { taskState: 'shelving_image_uploading' },
    command: { hostId: hostId ?? '', serverId: id, body: { do: 'snapshot', guestId: id, imageId } },
    next: { step: 'image-copied', data: task.data, dueAt: null },
  };
};

const imageCopied: ShelveStep = async (context, task) => {
  await answerOf(context, task, 'snapshot');
  const now = context.clock.now();
  return {
    server: {
      vmState: 'shelved',
      powerState: 4,
      taskState: 'shelving_offloading',
      shelvedImageId: task.data.imageId,
    },
    events: [finishedEvent(context, 'compute_shelve_instance', task.data.startedAt ?? now)],
    next: { step: 'remove-guest', data: task.data, dueAt: now },
  };
};

/** The ports stay the server's, on no host. */
const unbindPorts: ShelveStep = async (context, task) => {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  await unbindNics(context, task, server);
  return {
    nics: server.nics.map((nic) => ({ ...nic, vif: null })),
    events: [finishedEvent(context, 'unbind_ports', startedAt)],
    next: { step: 'release', data: task.data, dueAt: context.clock.now() },
  };
};

const release: ShelveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const { hostIsSilent = false } = task.data;
  const host = hostIsSilent ? undefined : await releaseChange(context, server);
  return {
    ...(host !== undefined && { host }),
    ...(hostIsSilent && (await leftBehind(context, server))),
    server: {
      hostId: null,
      hostName: null,
      vmState: 'shelved_offloaded',
      powerState: 0,
      taskState: null,
    },
    outcome: succeeded,
    next: null,
  };
};

/** The record by which a silent host removes the guest once it is back, and only then is free. */
async function leftBehind(
  { store, newId, clock }: WorkflowContext,
  server: Server,
): Promise<Pick<StepOutcome<'shelve'>, 'newMove' | 'move'>> {
  const { id: serverId, projectId, userId, flavor, hostId, hostName } = server;
  invariant(hostId !== null && hostName !== null, `server ${serverId} is on no silent host`);
  const requests = await store.servers.pciRequests(serverId);
  const id = newId();
  return {
    newMove: {
      id,
      serverId,
      projectId,
      userId,
      type: 'shelve',
      source: { id: hostId, name: hostName },
      context: {
        vmState: 'shelved',
        arrivesOff: true,
        flavors: { before: flavor, after: flavor },
        requests: { before: requests, after: [] },
        numa: null,
        nics: {},
      },
      createdAt: clock.now(),
    },
    move: { id, status: 'done', leftOn: hostId },
  };
}

/** Back: the guest runs again, if it did. */
const startGuest: ShelveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const { data } = task;
  if (data.vmState !== 'active') return ended(context, task);
  const body = { do: 'spawn', guest: await guestOf(context, server) } as const;
  return {
    command: { hostId: server.hostId ?? '', serverId: server.id, body },
    next: { step: 'guest-started', data, dueAt: null },
  };
};

const guestStarted: ShelveStep = async (context, task) => {
  const command = await context.store.commands.last(task.serverId, 'spawn');
  return ended(context, task, command?.result?.ok !== false);
};

// oxlint-disable-next-line max-params -- what, and how it went
function ended(
  { clock }: WorkflowContext,
  { data }: Task<'shelve'>,
  isBack = true,
): StepOutcome<'shelve'> {
  const { message = '', detail = '', kind } = data.failure ?? {};
  const created = clock.now();
  const state = data.vmState === 'active' && isBack ? ('active' as const) : ('stopped' as const);
  return {
    server: {
      vmState: isBack ? state : 'error',
      powerState: state === 'active' ? 1 : 4,
      taskState: null,
      ...(!isBack && { fault: { code: 500, message, details: detail, created } }),
    },
    outcome: failedBy({ message, ...(kind !== undefined && { kind }) }),
    next: null,
  };
}

async function answerOf(
  { store }: WorkflowContext,
  { serverId }: Task<'shelve'>,
  kind: 'stop' | 'snapshot',
): Promise<void> {
  const result = (await store.commands.last(serverId, kind))?.result;
  if (result == null) throw new ComputeError('bug', `the host has not answered ${kind}`);
  if (result.ok) return;
  throw new ComputeError('unavailable', result.message, { detail: result.detail });
}

export const shelveWorkflow: Workflow<'shelve'> = {
  steps: {
    'stop-guest': { run: stopGuest, undo: 'start-guest' },
    'guest-stopped': { run: guestStopped, undo: 'start-guest' },
    'image-copied': { run: imageCopied, undo: 'start-guest' },
    // Of a shelved server.
    'remove-guest': { run: removal.removeGuest },
    'guest-removed': { run: removal.guestRemoved },
    'unbind-ports': { run: unbindPorts },
    release: { run: release, exclusive: true },
    // Undo.
    'start-guest': { run: startGuest },
    'guest-started': { run: guestStarted },
    // Undo of a request that did not make its image.
    'drop-image': { run: dropUnmadeImage },
  },
  async failed(context, task, error) {
    const now = context.clock.now();
    if (shelveWorkflow.steps[task.step].undo === undefined) {
      return { actionMessage: error.message, next: retryStep(task, now) };
    }
    await dropImage(context, task.data.imageId);
    const { kind, message, detail = '' } = error;
    const event = finishedEvent(context, 'compute_shelve_instance', task.data.startedAt ?? now, {
      error: message,
    });
    const data = { ...task.data, failure: { kind, message, detail } };
    return { events: [event], next: { step: 'start-guest', data, dueAt: now } };
  },
  recover: (context, task, error) => endUnreadable(context, task, error),
};
