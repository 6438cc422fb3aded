/** The two steps of an operation on a guest: the command to its host, and handling the answer. */
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import type { ActData } from '#contracts/store/task-data.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy, succeeded } from '../engine/endings.ts';
import { guestOf } from '../placement/guest-of.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { guestActs, stopped } from './guest-acts.ts';
import { rotateBackups } from '../images/rotate-backups.ts';
import { newestCommand, serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';

export async function commandHost(
  context: WorkflowContext,
  task: Task<'act'>,
): Promise<StepOutcome<'act'>> {
  const server = await serverOf(context, task);
  invariant(server.hostId, `server ${server.id} is on no host`);
  const body = await commandOf(context, server, task.data);
  const data = { ...task.data, startedAt: context.clock.now() };
  return {
    command: { hostId: server.hostId, serverId: server.id, body },
    next: { step: 'host-answered', data, dueAt: null },
  };
}

async function commandOf(
  context: WorkflowContext,
  server: Server,
  { act, staysOff, rescueImage, image }: ActData,
): Promise<HostCommandBody> {
  const { command } = guestActs[act];
  const how = staysOff === true ? ({ staysOff } as const) : {};
  switch (command) {
    case 'rescue':
      return { do: command, guest: await guestOf(context, server, rescueImage), ...how };
    case 'respawn': {
      const guest = await guestOf(context, server);
      // Without it a disk that is missing would be made again, without the user's data.
      const files =
        act === 'rebuild' ? ({ fresh: true } as const) : ({ keepsFiles: true } as const);
      return { do: command, guest, ...how, ...files };
    }
    case 'snapshot': {
      invariant(image, `a snapshot of server ${server.id} has no image`);
      const runs = server.vmState === 'active' ? ({ runs: true } as const) : {};
      return { do: command, guestId: server.id, imageId: image.id, ...runs };
    }
    case 'suspend':
    case 'resume':
      return { do: command, guest: await guestOf(context, server) };
    case 'stop':
    case 'reboot':
    case 'pause':
    case 'unpause':
    case 'inject-nmi':
      return { do: command, guestId: server.id };
  }
}

/** The operation failed, and the guest is as it was before. */
export function leftAsBefore(
  context: WorkflowContext,
  { data }: Task<'act'>,
  error: ComputeError,
): StepOutcome<'act'> {
  const { act, startedAt = context.clock.now() } = data;
  const event = `compute_${guestActs[act].action}`;
  return {
    server: { taskState: null },
    events: [finishedEvent(context, event, startedAt, { error: error.message })],
    outcome: failedBy(error),
    next: null,
  };
}

export async function hostAnswered(
  context: WorkflowContext,
  task: Task<'act'>,
): Promise<StepOutcome<'act'>> {
  const { act, staysOff, startedAt } = task.data;
  const { command, action, to } = guestActs[act];
  const last = await newestCommand(context, task, command);
  invariant(last?.result, `server ${task.serverId}: its host has not answered the ${command}`);
  const { result } = last;
  if (!result.ok) {
    const error = new ComputeError('unavailable', result.message, { detail: result.detail });
    if (command === 'rescue' && result.undone === true) return leftAsBefore(context, task, error);
    throw error;
  }
  await rotateBackups(context, task);
  const now = context.clock.now();
  const isOff = staysOff === true && act !== 'rescue';
  return {
    server: {
      taskState: null,
      ...(to !== undefined && { ...(isOff ? stopped : to), fault: null }),
    },
    events: [finishedEvent(context, `compute_${action}`, startedAt ?? now)],
    outcome: succeeded,
    next: null,
  };
}
