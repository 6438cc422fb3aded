/** The properties of an image that is made from a server. */
import { ComputeError } from '../errors.ts';
import type { Server } from '../servers/server.ts';

/** Of one image only, or internal to the image service. Source: Nova `compute/utils.py`. */
const notInherited = /^(os_glance|img_signature|cinder_encryption_key_|cache_in_nova$|bittorrent$)/;

/** What an image has as fields, which metadata cannot set. Source: Glance's schema of an image. */
const fields = new Set(
  `checksum container_format created_at direct_url disk_format file id locations min_disk min_ram
  name os_hash_algo os_hash_value os_hidden owner protected schema self size status stores tags
  updated_at virtual_size visibility`.split(/\s+/),
);

/**
 * Those of the server's image, facts of the server, and the user's metadata, which wins.
 * `backupType` null: a snapshot. Throws `invalid` for metadata with the name of an image's field.
 * Example: `{ instance_uuid: '0a1b…', image_type: 'snapshot', hw_disk_bus: 'sata' }`. Source: Nova
 * `create_image`.
 */
export function snapshotProperties(
  server: Pick<Server, 'id' | 'projectId' | 'imageId' | 'imageProperties'>,
  user: { userId: string; projectId: string },
  { metadata, backupType }: { metadata: Record<string, string>; backupType: string | null },
): Record<string, string> {
  const refused = Object.keys(metadata).find((key) => fields.has(key));
  if (refused !== undefined) {
    throw new ComputeError('invalid', `metadata.${refused}: it is a field of the image itself`);
  }
  const inherited = Object.entries(server.imageProperties).filter(
    ([key]) => !notInherited.test(key) && !fields.has(key),
  );
  return {
    ...Object.fromEntries(inherited),
    ...(server.imageId !== null && { base_image_ref: server.imageId }),
    ...(user.projectId !== server.projectId && { instance_owner: server.projectId }),
    instance_uuid: server.id,
    user_id: user.userId,
    owner_id: server.projectId,
    image_location: 'snapshot',
    image_state: 'available',
    image_type: backupType === null ? 'snapshot' : 'backup',
    ...(backupType !== null && { backup_type: backupType }),
    ...metadata,
  };
}
