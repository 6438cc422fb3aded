/** Common ways for a workflow to end. */
import type { ActionOutcome, TaskRef } from '#contracts/store/store.ts';
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
 * For a task whose row, and perhaps its server's, cannot be read: as `endInError`, but a deleted
 * server stays as it is. Needs no readable row of the server.
 */
export async function endUnreadable(
  context: Pick<WorkflowContext, 'clock' | 'store'>,
  { serverId }: Pick<TaskRef, 'serverId'>,
  error: ComputeError,
): Promise<StepEnds> {
  const deletedAt = await deletedAtOf(context, serverId);
  return deletedAt === null ? endInError(context, error) : { outcome: failedBy(error), next: null };
}

/** When the server was deleted, also if its row is damaged; null: it was not. */
export async function deletedAtOf(
  { store }: Pick<WorkflowContext, 'store'>,
  serverId: string,
): Promise<number | null> {
  const known = (await store.servers.damage(serverId)) ?? (await store.servers.get(serverId));
  return known?.deletedAt ?? null;
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
