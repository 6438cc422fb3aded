/** Images that the compute side makes from servers, in Glance. */
import type { ImageUpload, ImageWriter, NewImage } from '#contracts/services/images.ts';
import type { Caller } from '#contracts/services/identity.ts';
import { callGlance, imagePath } from './glance-call.ts';
import type { Session } from './http/session.ts';

/** Created with the user's token; all else with the service's own rights. */
export function glanceWriter(
  session: Session,
): ImageWriter & { saveImage(id: string, upload: ImageUpload): Promise<void> } {
  return {
    createImage: (image, caller) => createImage(session, image, caller),
    async deleteImage(id) {
      await callGlance(
        session,
        { method: 'DELETE', path: imagePath(id), acting: 'service' },
        [404],
      );
    },
    async listBackups({ serverId, backupType, likeImageId }) {
      const query = new URLSearchParams({
        image_type: 'backup',
        backup_type: backupType,
        instance_uuid: serverId,
        sort: 'created_at:desc',
        limit: '1000',
      });
      const path = `/v2/images?${query.toString()}`;
      const body = await callGlance(session, { method: 'GET', path, acting: 'service' });
      const images = (body as { images?: GlanceBackup[] })?.images ?? [];
      const newest = images.find(({ id }) => id === likeImageId);
      // Any user may set these properties.
      return images.filter(({ owner }) => owner === newest?.owner).map(({ id }) => id);
    },
    async saveImage(id, upload) {
      // Also renews our token, if necessary: bytes are sent once.
      const path = imagePath(id);
      const image = await callGlance(session, {
        method: 'GET',
        path,
        acting: 'service',
        imageId: id,
      });
      if ((image as { status?: string })?.status === 'active') return;
      const file = { path: `${path}/file`, upload, imageId: id } as const;
      await callGlance(session, { method: 'PUT', acting: 'service', ...file });
    },
  };
}

interface GlanceBackup {
  id: string;
  owner: string;
}

async function createImage(
  session: Session,
  { id, name, diskFormat, minDiskGib, properties, sharedWith }: NewImage,
  caller: Caller,
): Promise<void> {
  const body = {
    ...properties,
    id,
    name,
    visibility: sharedWith === null ? 'private' : 'shared',
    disk_format: diskFormat,
    container_format: 'bare',
    min_disk: minDiskGib,
  };
  await callGlance(session, { method: 'POST', path: '/v2/images', body, acting: caller });
  if (sharedWith !== null) {
    const path = `${imagePath(id)}/members`;
    const call = { method: 'POST', path, acting: caller, imageId: id } as const;
    await callGlance(session, { ...call, body: { member: sharedWith } });
  }
}
