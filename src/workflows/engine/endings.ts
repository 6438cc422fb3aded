/** Common ways for a workflow to end. */
import type { ActionOutcome } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from './context.ts';
import type { StepEnds } from './workflow.ts';

/** The workflow succeeded. */
export const succeeded: ActionOutcome = { is: 'ok' };

/** The workflow failed. Example: `failedBy(error)` → `{ is: 'failed', kind, message }`. */
export function failedBy({
  kind = 'unavailable',
  message,
}: Partial<Pick<ComputeError, 'kind'>> & Pick<ComputeError, 'message'>): ActionOutcome {
  return { is: 'failed', kind, message };
}

/**
 * The server goes to ERROR with this error as its fault, and keeps its resources until it is
 * deleted.
 */
export function endInError(
  { clock }: Pick<WorkflowContext, 'clock'>,
  error: ComputeError,
): StepEnds {
  const { message, detail: details = '' } = error;
  return {
    server: {
      vmState: 'error',
      taskState: null,
      fault: { code: 500, message, details, created: clock.now() },
    },
    outcome: failedBy(error),
    next: null,
  };
}
