/** How many metadata items a server may have. Source: Nova `[quota] metadata_items`. */
import { ComputeError } from '#core/errors.ts';

export const mostMetadataItems = 128;

/** Throws `overQuota`. */
export function refuseTooManyItems(metadata: Record<string, string>): void {
  const count = Object.keys(metadata).length;
  if (count <= mostMetadataItems) return;
  throw new ComputeError(
    'overQuota',
    `Maximum number of metadata items exceeds ${mostMetadataItems}: metadata has ${count}.`,
  );
}
