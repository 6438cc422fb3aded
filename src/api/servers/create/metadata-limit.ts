/** How many metadata items a server may have. Source: Nova `[quota] metadata_items`. */
import { ComputeError } from '#core/errors.ts';
import { headroom } from '#core/quotas/check.ts';
import type { Call } from '../../requests/route.ts';

/** Throws `overQuota`. */
export function refuseTooManyItems(
  { caller, context }: Call,
  metadata: Record<string, string>,
): void {
  const limits = context.limitsOf(caller.projectId);
  const count = Object.keys(metadata).length;
  if (count <= headroom(limits, 'metadata_items', 0)) return;
  throw new ComputeError(
    'overQuota',
    `Maximum number of metadata items exceeds ${limits.metadata_items}: metadata has ${count}.`,
  );
}
