/** Glance's representation of an image, and ours. */
import type { Image } from '#contracts/services/images.ts';
import { imageFields } from '#core/images/image-fields.ts';

/** All keys that are no fields are properties. Source: Glance's schema `/v2/schemas/image`. */
export interface GlanceImage {
  id: string;
  name: string | null;
  status: string;
  disk_format: string | null;
  size: number | null;
  min_disk: number | null;
  min_ram: number | null;
  os_hash_algo?: string | null;
  os_hash_value?: string | null;
  created_at: string;
  updated_at: string;
}

/** User-set properties are text; other values were not set by a user. */
export function toImage(image: GlanceImage): Image {
  const properties = Object.entries(image).filter(
    (entry): entry is [string, string] =>
      !imageFields.has(entry[0]) && typeof entry[1] === 'string',
  );
  return {
    id: image.id,
    name: image.name,
    status: image.status,
    diskFormat: image.disk_format ?? '',
    minDiskGib: image.min_disk ?? 0,
    minMemoryMib: image.min_ram ?? 0,
    sizeBytes: image.size ?? 0,
    createdAt: Date.parse(image.created_at),
    updatedAt: Date.parse(image.updated_at),
    properties: Object.fromEntries(properties),
  };
}
