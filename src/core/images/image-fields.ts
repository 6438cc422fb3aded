/** What an image has as fields, and properties therefore cannot be named. */
import { ComputeError } from '../errors.ts';

/** Source: Glance's schema of an image. */
export const imageFields: ReadonlySet<string> = new Set(
  `checksum container_format created_at direct_url disk_format file id locations min_disk min_ram
  name os_hash_algo os_hash_value os_hidden owner protected schema self size status stores tags
  updated_at virtual_size visibility`.split(/\s+/),
);

/**
 * Throws `invalid` where metadata has the name of a field. Example: `metadata.status: it is a field
 * of the image itself`.
 */
export function refuseFieldNames(metadata: Record<string, string>): void {
  const refused = Object.keys(metadata).find((key) => imageFields.has(key));
  if (refused === undefined) return;
  throw new ComputeError('invalid', `metadata.${refused}: it is a field of the image itself`);
}

/** Is it a property that only the image service sets? Source: Glance's reserved namespace. */
export function isReservedProperty(key: string): boolean {
  return key.startsWith('os_glance');
}
