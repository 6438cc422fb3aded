/**
 * Workflow: schedule → bind-ports → guest-started → wait-for-plug; and on failure back in reverse,
 * then the next host or ERROR. A host that stopped reporting may run the guest: then it is ERROR at
 * once, and the host removes the guest when it returns.
 */
import type { Task } from '#contracts/store/store.ts';
import { type ComputeError, invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { bindPorts } from './bind-ports.ts';
import { type BootData, bootData } from './boot-data.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { becomeActive, guestStarted } from './guest-started.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { readBinding, schedule } from './schedule.ts';
import { serverOf } from '../engine/server-of.ts';
import {
  isOnLostHost,
  removalSteps,
  returnSteps,
  untilHostReturns,
} from '../removal/remove-from-host.ts';
import { releaseChange, unbindAndKeepPorts, unbindPorts } from '../removal/tear-down.ts';
import { plugEvent, plugStart, plugStep, waitForPlug } from '../ports/wait-for-plug.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

const eventNames: Record<string, string> = {
  'bind-ports': 'bind_ports',
  'guest-started': 'spawn',
  [plugStep]: plugEvent,
};

export const bootServer: Workflow = {
  steps: {
    schedule: { read: readBinding, run: schedule, exclusive: true },
    'bind-ports': { run: bindPorts },
    'guest-started': { run: guestStarted, exclusive: true },
    [plugStep]: waitForPlug(becomeActive),
    ...removalSteps(isOnLostHost),
    'unbind-ports': { run: unbindAfterFailure },
    release: { run: release, exclusive: true },
    ...returnSteps(giveBack),
  },
  failed,
};

/**
 * A forward step that fails starts the undo; an undo step that fails is tried again, for what it
 * frees must not leak.
 */
async function failed(
  context: WorkflowContext,
  task: Task,
  error: ComputeError,
): Promise<StepOutcome> {
  const now = context.clock.now();
  const event = eventNames[task.step];
  if (event === undefined && task.step !== 'schedule') {
    return { next: retryStep(task, now) };
  }
  const failure = {
    message: error.message,
    detail: error.detail ?? '',
    retry: error.kind === 'unavailable',
  };
  const startedAt = plugStart(task, bootData(task).startedAt ?? now);
  return {
    events: [finishedEvent(context, event ?? 'schedule', startedAt, { error: error.message })],
    next: { step: 'destroy-guest', data: { ...task.data, failure }, dueAt: now },
  };
}

/** Is there another host to try? Then the ports that were made for the server are kept for it. */
async function unbindAfterFailure(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const goesOn = triesAnother(context, await serverOf(context, task), bootData(task));
  return goesOn ? unbindAndKeepPorts(context, task) : unbindPorts(context, task);
}

function triesAnother(
  { settings }: WorkflowContext,
  { hostName }: Server,
  { failure, attempt, hostIsSilent }: BootData,
): boolean {
  // A host that does not answer may run the guest: no other is given a second one.
  return (
    hostIsSilent !== true &&
    failure?.retry === true &&
    hostName !== null &&
    attempt < settings.bootAttempts
  );
}

/** Last step of an undo: gives the claim back, and tries another host where that can help. */
async function release(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const server = await serverOf(context, task);
  const { failure, failedHosts, attempt, hostIsSilent = false, ...rest } = bootData(task);
  invariant(failure, `boot of ${server.id} is undone without a failure`);
  const host = hostIsSilent ? undefined : await releaseChange(context, server);
  const off = { hostId: null, hostName: null };
  const { hostName } = server;
  const tried =
    hostName === null ? [] : [...failedHosts, { host: hostName, reason: failure.message }];
  const now = context.clock.now();
  if (triesAnother(context, server, bootData(task))) {
    return {
      ...(host !== undefined && { host }),
      server: { ...off, taskState: 'scheduling' },
      next: {
        step: 'schedule',
        data: { ...rest, attempt: attempt + 1, failedHosts: tried },
        dueAt: now,
      },
    };
  }
  const message =
    tried.length > 1
      ? `No host could start the server. ${tried.map((t) => `${t.host}: ${t.reason}`).join('; ')}`
      : failure.message;
  return {
    ...(host !== undefined && { host }),
    freesPorts: true,
    server: {
      ...(!hostIsSilent && off),
      vmState: 'error',
      taskState: null,
      powerState: 0,
      fault: { code: 500, message, details: failure.detail, created: now },
    },
    actionMessage: message,
    next: hostIsSilent ? untilHostReturns(task) : null,
  };
}

/** The silent host has confirmed that it has no guest of the server. */
async function giveBack(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const host = await releaseChange(context, await serverOf(context, task));
  return {
    ...(host !== undefined && { host }),
    server: { hostId: null, hostName: null },
    next: null,
  };
}
