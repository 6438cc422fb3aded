/** The lease of a task that is continued by the request which began it. */
import type { Lease } from '#contracts/store/store.ts';
import type { WorkflowContext } from './context.ts';

/**
 * Longer than a request takes while the network service answers; a slower request finds its task
 * with another owner.
 */
const leaseMs = 300_000;

/** Until the request records how the task continues, or this time has passed. */
export function requestLease({ clock }: WorkflowContext, requestId: string): Lease {
  return { owner: requestId, until: clock.now() + leaseMs };
}
