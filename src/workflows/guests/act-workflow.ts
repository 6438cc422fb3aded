/**
 * Workflow: one command to the host of a server that has a guest (reboot, stop, start, pause,
 * suspend, rebuild …), and the resulting server state. There is nothing to undo: claims and ports
 * are kept, and an error reported by the host is the server's own failure.
 */
import type { Task } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import { commandHost, hostAnswered, leftAsBefore } from './command-guest.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { endInError, failedBy } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { dropUnmadeImage } from '../images/begin-with-image.ts';
import { dropImage } from '../images/drop-image.ts';
import { guestActs } from './guest-acts.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

export const actWorkflow: Workflow<'act'> = {
  steps: {
    'command-host': { run: commandHost },
    'host-answered': { run: hostAnswered, exclusive: true },
    // Undo of a request that did not make its image.
    'drop-image': { run: dropUnmadeImage },
  },
  failed,
  // The host's outcome is unknown then: a hard reboot recreates the guest.
  recover: async (context, _task, error) => endInError(context, error),
};

async function failed(
  context: WorkflowContext,
  task: Task<'act'>,
  error: ComputeError,
): Promise<StepOutcome<'act'>> {
  if (task.data.image !== undefined) await dropImage(context, task.data.image.id);
  if (guestActs[task.data.act].to === undefined) return leftAsBefore(context, task, error);
  // Nothing was sent to the host yet.
  if (task.data.act === 'rescue' && task.step === 'command-host') {
    return leftAsBefore(context, task, error);
  }
  const now = context.clock.now();
  const { act, startedAt = now } = task.data;
  const { action, failsTo } = guestActs[act];
  const { message, detail: details = '' } = error;
  return {
    server: {
      taskState: null,
      ...(failsTo !== undefined && {
        vmState: failsTo,
        fault: { code: 500, message, details, created: now },
      }),
    },
    events: [finishedEvent(context, `compute_${action}`, startedAt, { error: message })],
    outcome: failedBy(error),
    next: null,
  };
}
