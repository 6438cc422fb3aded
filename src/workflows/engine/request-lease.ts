/** The lease of a task that the request which began it continues itself. */
import type { Lease } from '#contracts/store/store.ts';
import type { WorkflowContext } from './context.ts';

/**
 * Longer than a request takes where the network service answers; a later one finds its task with
 * another.
 */
const leaseMs = 300_000;

/** Until the request records how the task continues, or this time is over. */
export function requestLease({ clock }: WorkflowContext, requestId: string): Lease {
  return { owner: requestId, until: clock.now() + leaseMs };
}
