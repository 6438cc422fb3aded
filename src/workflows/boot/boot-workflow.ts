/**
 * Workflow: a new server gets a host, its ports and its guest. When a forward step fails, the
 * workflow continues at `remove-guest` with the undo steps; then it tries the next host, or the
 * server is ERROR. A host that stopped reporting may run the guest: then it is ERROR at once, and
 * the host removes the guest when it returns.
 */
import type { Task, UnreadableTask } from '#contracts/store/store.ts';
import type { BootData } from '#contracts/store/task-data.ts';
import type { ComputeError } from '#core/errors.ts';
import { bindPorts } from './bind-ports.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { becomeActive, guestStarted } from './guest-started.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { readBinding, schedule } from './schedule.ts';
import { releaseAfterSilence, release, unbindAfterFailure } from './undo-boot.ts';
import { isHostLost, removalSteps, returnSteps } from '../removal/remove-from-host.ts';
import { plugEvent, plugStart, waitForPlug } from '../ports/wait-for-plug.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

const removal = removalSteps<'boot'>(isHostLost);
const returned = returnSteps<'boot'>(releaseAfterSilence);

export const bootWorkflow: Workflow<'boot'> = {
  steps: {
    // Forward.
    schedule: { read: readBinding, run: schedule, exclusive: true, undo: 'release' },
    // Binds, and commands the host to start the guest.
    'bind-ports': { run: bindPorts, undo: 'unbind-ports' },
    'guest-started': {
      run: guestStarted,
      exclusive: true,
      joinsAnswer: true,
      undo: 'remove-guest',
    },
    'wait-for-plug': { run: waitForPlug(becomeActive), undo: 'remove-guest' },
    // Undo.
    'remove-guest': { run: removal.removeGuest },
    'guest-removed': { run: removal.guestRemoved },
    'unbind-ports': { run: unbindAfterFailure },
    release: { run: release, exclusive: true },
    // The host was silent: what the guest holds there is released when it has returned.
    'host-returned': { run: returned.hostReturned, exclusive: true },
    'remove-guest-again': { run: returned.removeGuestAgain },
  },
  failed,
  recover,
};

/** Names of the forward steps in the list of a server's actions. */
const eventNames: Partial<Record<Task<'boot'>['step'], string>> = {
  schedule: 'schedule',
  'bind-ports': 'bind_ports',
  'guest-started': 'spawn',
  'wait-for-plug': plugEvent,
};

/**
 * A forward step that fails starts the undo; an undo step that fails is retried, because what it
 * frees must not leak.
 */
async function failed(
  context: WorkflowContext,
  task: Task<'boot'>,
  error: ComputeError,
): Promise<StepOutcome<'boot'>> {
  const now = context.clock.now();
  if (bootWorkflow.steps[task.step].undo === undefined) return { next: retryStep(task, now) };
  const startedAt = plugStart(task, task.data.startedAt ?? now);
  const name = eventNames[task.step] ?? task.step;
  return {
    events: [finishedEvent(context, name, startedAt, { error: error.message })],
    next: { step: 'remove-guest', data: { ...task.data, failure: failureOf(error) }, dueAt: now },
  };
}

function failureOf({ kind, message, detail = '' }: ComputeError): NonNullable<BootData['failure']> {
  return { kind, message, detail, retry: kind === 'unavailable' };
}

/**
 * What a boot holds is known without its row: all of it is released, and no other host is tried.
 */
async function recover(
  { clock }: WorkflowContext,
  _task: UnreadableTask,
  error: ComputeError,
): Promise<StepOutcome<'boot'>> {
  const data: BootData = {
    attempt: 1,
    availabilityZone: null,
    forcedHost: null,
    numa: null,
    failedHosts: [],
    failure: { ...failureOf(error), retry: false },
  };
  return { next: { step: 'remove-guest', data, dueAt: clock.now() } };
}
