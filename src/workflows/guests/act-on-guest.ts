/**
 * Workflow: one command to the host of a server that has a guest (reboot, stop, start, pause,
 * suspend, rebuild …), and what it makes of the server.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { PowerState, Server, TaskState, VmState } from '#core/servers/server.ts';
import { beginAction, refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { guestOf } from '../boot/guest-of.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

/** An act on a guest, by the word that its task keeps. */
export type GuestActName =
  | 'reboot'
  | 'hard-reboot'
  | 'stop'
  | 'start'
  | 'pause'
  | 'unpause'
  | 'suspend'
  | 'resume'
  | 'rebuild';

/**
 * `action`: Nova's name of it. `from`: states in which it may be asked for. `failsTo` where a
 * failure leaves no running guest.
 */
interface GuestAct {
  action: string;
  taskState: TaskState;
  from: VmState[];
  command: HostCommandBody['do'] &
    ('respawn' | 'stop' | 'reboot' | 'pause' | 'unpause' | 'suspend' | 'resume');
  to: { vmState: VmState; powerState: PowerState };
  failsTo?: VmState;
}

const running = { vmState: 'active', powerState: 1 } as const;
const stopped = { vmState: 'stopped', powerState: 4 } as const;
const rebooted: VmState[] = ['active', 'stopped', 'paused', 'suspended', 'error'];

const acts: Record<GuestActName, GuestAct> = {
  reboot: {
    action: 'reboot',
    taskState: 'rebooting',
    from: ['active'],
    command: 'reboot',
    to: running,
  },
  'hard-reboot': {
    action: 'reboot',
    taskState: 'rebooting_hard',
    from: rebooted,
    command: 'respawn',
    to: running,
    failsTo: 'error',
  },
  stop: {
    action: 'stop',
    taskState: 'powering-off',
    from: ['active', 'error'],
    command: 'stop',
    to: stopped,
  },
  start: {
    action: 'start',
    taskState: 'powering-on',
    from: ['stopped'],
    command: 'respawn',
    to: running,
  },
  pause: {
    action: 'pause',
    taskState: 'pausing',
    from: ['active'],
    command: 'pause',
    to: { vmState: 'paused', powerState: 3 },
  },
  unpause: {
    action: 'unpause',
    taskState: 'unpausing',
    from: ['paused'],
    command: 'unpause',
    to: running,
  },
  suspend: {
    action: 'suspend',
    taskState: 'suspending',
    from: ['active'],
    command: 'suspend',
    to: { vmState: 'suspended', powerState: 4 },
  },
  resume: {
    action: 'resume',
    taskState: 'resuming',
    from: ['suspended'],
    command: 'resume',
    to: running,
  },
  rebuild: {
    action: 'rebuild',
    taskState: 'rebuilding',
    from: ['active', 'stopped', 'error'],
    command: 'respawn',
    to: running,
    failsTo: 'error',
  },
};

/** A requested act. `change`: fields that are set with it (rebuild). */
export interface ActRequest {
  act: GuestActName;
  requestId: string;
  change?: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;
}

/**
 * Begins the act and returns at once. Throws `conflict` in a state that does not allow it, or
 * without a guest.
 */
export async function actOnGuest(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { act, requestId, change = {} }: ActRequest,
): Promise<void> {
  const { action, taskState, from } = acts[act];
  refuseState(server, action, from);
  if (server.hostId === null) {
    throw new ComputeError(
      'conflict',
      `Cannot '${action}' instance ${server.id}: it is on no host`,
    );
  }
  await beginAction(context, caller, server, {
    kind: 'act',
    step: 'tell-host',
    // A server that is off stays off when it is made again.
    data: { act, staysOff: act === 'rebuild' && server.vmState === 'stopped' },
    action,
    requestId,
    change: { ...change, taskState },
  });
}

/**
 * The workflow behind it. The host's own failure is the server's; nothing has to be undone, for
 * claims and ports stay as they are.
 */
export const actWorkflow: Workflow = {
  steps: {
    'tell-host': { run: commandHost },
    'host-answered': { run: hostAnswered, exclusive: true },
  },
  failed,
};

function actOf(task: Task): GuestAct {
  return acts[task.data['act'] as GuestActName];
}

async function commandHost(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const { command } = actOf(task);
  const server = await serverOf(context, task);
  invariant(server.hostId, `server ${server.id} is on no host`);
  const body: HostCommandBody =
    command === 'respawn' || command === 'suspend' || command === 'resume'
      ? {
          do: command,
          guest: await guestOf(context, server),
          ...(task.data['staysOff'] === true && { staysOff: true }),
          ...(task.data['act'] === 'rebuild' && { fresh: true }),
        }
      : { do: command, guestId: server.id };
  const data = { ...task.data, startedAt: context.clock.now() };
  return {
    command: { hostId: server.hostId, serverId: server.id, body },
    next: { step: 'host-answered', data, dueAt: null },
  };
}

async function hostAnswered(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const { command, action } = actOf(task);
  const to = task.data['staysOff'] === true ? stopped : actOf(task).to;
  const last = await context.store.commands.last(task.serverId, command);
  invariant(last?.result, `server ${task.serverId}: its host has not answered the ${command}`);
  const { result } = last;
  if (!result.ok) throw new ComputeError('unavailable', result.message, { detail: result.detail });
  const now = context.clock.now();
  return {
    server: { ...to, taskState: null, fault: null },
    events: [finishedEvent(context, `compute_${action}`, Number(task.data['startedAt'] ?? now))],
    next: null,
  };
}

async function failed(
  context: WorkflowContext,
  task: Task,
  error: ComputeError,
): Promise<StepOutcome> {
  const { action, failsTo } = actOf(task);
  const now = context.clock.now();
  const { message, detail: details = '' } = error;
  const startedAt = Number(task.data['startedAt'] ?? now);
  return {
    server: {
      taskState: null,
      ...(failsTo !== undefined && {
        vmState: failsTo,
        fault: { code: 500, message, details, created: now },
      }),
    },
    events: [finishedEvent(context, `compute_${action}`, startedAt, { error: message })],
    actionMessage: message,
    next: null,
  };
}
