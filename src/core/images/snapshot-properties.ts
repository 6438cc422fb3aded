/** The properties of an image that is made from a server. */
import type { Server } from '../servers/server.ts';
import { imageFields, refuseFieldNames } from './image-fields.ts';

/** Of one image only, or internal to the image service. Source: Nova `compute/utils.py`. */
const notInherited = /^(os_glance|img_signature|cinder_encryption_key_|cache_in_nova$|bittorrent$)/;

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
  refuseFieldNames(metadata);
  const inherited = Object.entries(server.imageProperties).filter(
    ([key]) => !notInherited.test(key) && !imageFields.has(key),
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
