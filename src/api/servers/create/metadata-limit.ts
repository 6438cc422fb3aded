/** How many metadata items a server may have. Source: Nova `[quota] metadata_items`. */
import { ComputeError } from '#core/errors.ts';
import { headroom } from '#core/quotas/check.ts';
import type { ComputeLimits } from '#core/quotas/compute-quotas.ts';
import type { Call } from '../../requests/route.ts';

/** The limits of the caller. */
export function limitsOfCaller({ caller, context }: Call): Promise<ComputeLimits> {
  const { projectId, userId } = caller;
  return context.store.quotas.limits({ projectId, userId }, context.configuredQuotas(projectId));
}

/** Throws `overQuota`. The limits are read only where there are items. */
export async function refuseItemsOverQuota(
  call: Call,
  metadata: Record<string, string>,
): Promise<void> {
  if (Object.keys(metadata).length === 0) return;
  refuseTooManyItems(await limitsOfCaller(call), metadata);
}

/** Throws `overQuota`. */
export function refuseTooManyItems(
  limits: Pick<ComputeLimits, 'metadata_items'>,
  metadata: Record<string, string>,
): void {
  const count = Object.keys(metadata).length;
  if (count <= headroom(limits, 'metadata_items', 0)) return;
  throw new ComputeError(
    'overQuota',
    `Maximum number of metadata items exceeds ${limits.metadata_items}: metadata has ${count}.`,
  );
}
