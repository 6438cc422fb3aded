/**
 * Workflow: NICs of an idle server follow their ports. A NIC that another workflow has changed
 * since is left to the next read of the ports: the events are kept. It holds nothing, so there is
 * nothing to undo.
 */
import type { Task } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import { endOfChange, followPorts, vfChanged } from './change-vf.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy } from '../engine/endings.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

export const followPortsWorkflow: Workflow<'follow-ports'> = {
  steps: { follow: { run: followPorts }, 'host-answered': { run: vfChanged } },
  failed,
  // The events are kept: the ports are read and compared again.
  recover: async (_context, _task, error) => ({ outcome: failedBy(error), next: null }),
};

async function failed(
  context: WorkflowContext,
  task: Task<'follow-ports'>,
  error: ComputeError,
): Promise<StepOutcome<'follow-ports'>> {
  // Without a command to a host no action could have the reason, and the events are kept.
  if (task.data.needsHost !== true) return { outcome: failedBy(error), next: null };
  return endOfChange(context, task, { error: error.message });
}
