/**
 * Workflow: a NIC is removed from a server, running or not. Its VF is free only once the host has
 * reported that the guest released it. No step gives up: what a step frees must not leak.
 */
import type { UnreadableTask } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { detachNic, nicDetached, nicInRow, releaseNic, unbindNicPort } from './detach-steps.ts';
import { endUnreadable } from '../engine/endings.ts';
import { retryStep } from '../engine/retry-later.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

export const detachWorkflow: Workflow<'detach'> = {
  steps: {
    'detach-nic': { run: detachNic },
    'nic-detached': { run: nicDetached },
    'unbind-ports': { run: unbindNicPort },
    release: { run: releaseNic, exclusive: true },
  },
  failed: async (context, task, error) => ({
    actionMessage: error.message,
    next: retryStep(task, context.clock.now()),
  }),
  recover,
};

/**
 * The removal begins again, where the row identifies the NIC. Otherwise the server goes to ERROR:
 * what the NIC holds is released when the server is deleted.
 */
async function recover(
  context: WorkflowContext,
  task: UnreadableTask,
  error: ComputeError,
): Promise<StepOutcome<'detach'>> {
  const nic = await nicInRow(context, task);
  if (nic === undefined) return endUnreadable(context, task, error);
  return {
    actionMessage: error.message,
    next: { step: 'detach-nic', data: { nicId: nic.id }, dueAt: context.clock.now() },
  };
}
