/**
 * Workflow: a server gets one more NIC. When a forward step fails after `claim`, the workflow
 * continues at `detach-nic` with the undo steps, leaving nothing behind. A NIC that names a network
 * has its port, and no device to claim: it begins at `bind-ports`.
 */
import type { Task, UnreadableTask } from '#contracts/store/store.ts';
import type { AttachData } from '#contracts/store/task-data.ts';
import type { ComputeError } from '#core/errors.ts';
import { bindNic, claim, endOfAttach, nicAttached, readBinding } from './attach-steps.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { detachNic, nicDetached, nicInRow, releaseNic, unbindNicPort } from './detach-steps.ts';
import { endUnreadable } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { plugEvent, plugStart, waitForPlug } from '../ports/wait-for-plug.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

export const attachWorkflow: Workflow<'attach'> = {
  steps: {
    // Forward.
    claim: { read: readBinding, run: claim, exclusive: true, undo: 'release' },
    // Binds, and commands the host to attach.
    'bind-ports': { run: bindNic, undo: 'unbind-ports' },
    'nic-attached': { run: nicAttached, exclusive: true, undo: 'detach-nic' },
    'wait-for-plug': { run: waitForPlug(endOfAttach), undo: 'detach-nic' },
    // Undo.
    'detach-nic': { run: detachNic },
    'nic-detached': { run: nicDetached },
    'unbind-ports': { run: unbindNicPort },
    release: { run: releaseNic, exclusive: true },
  },
  failed,
  recover,
};

/** Names of the forward steps in the list of a server's actions. */
const eventNames: Partial<Record<Task<'attach'>['step'], string>> = {
  claim: 'claim',
  'bind-ports': 'bind',
  'nic-attached': 'attached',
  'wait-for-plug': plugEvent,
};

/**
 * A claim that fails has changed nothing. A later failure starts the undo; an undo step is retried,
 * because what it frees must not leak.
 */
async function failed(
  context: WorkflowContext,
  task: Task<'attach'>,
  error: ComputeError,
): Promise<StepOutcome<'attach'>> {
  const now = context.clock.now();
  if (attachWorkflow.steps[task.step].undo === undefined) return { next: retryStep(task, now) };
  const name = eventNames[task.step] ?? task.step;
  if (task.step !== 'claim') {
    return undoAttach(context, task, { name, error, startedAt: plugStart(task, now) });
  }
  const { kind, message } = error;
  return {
    events: [finishedEvent(context, name, now, { error: message })],
    outcome: { is: 'refused', kind, message },
    next: null,
  };
}

/** Records why the work begun at `startedAt` failed, as the event `name`, and begins the undo. */
export function undoAttach(
  context: WorkflowContext,
  task: Task<'attach'>,
  { name, error, startedAt }: { name: string; error: ComputeError; startedAt: number },
): StepOutcome<'attach'> {
  const { kind, message } = error;
  const data = { ...task.data, failure: { kind, message } };
  return {
    events: [finishedEvent(context, name, startedAt, { error: message })],
    next: { step: 'detach-nic', data, dueAt: context.clock.now() },
  };
}

/**
 * The NIC is removed again, where its row identifies it. Otherwise the server goes to ERROR: what
 * the attach holds is released when the server is deleted.
 */
async function recover(
  context: WorkflowContext,
  task: UnreadableTask,
  error: ComputeError,
): Promise<StepOutcome<'attach'>> {
  const nic = await nicInRow(context, task);
  if (nic === undefined) return endUnreadable(context, task, error);
  const { networkId, fixedIp, portId, tag, pciRequestId } = nic;
  const data: AttachData = {
    nicId: nic.id,
    nic: { networkId, fixedIp, portId, tag, pciRequestId },
    pciRequest: null,
    failure: { kind: error.kind, message: error.message },
  };
  return { next: { step: 'detach-nic', data, dueAt: context.clock.now() } };
}
