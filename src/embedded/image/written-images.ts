/** Images that the compute side makes from servers, in this process. */
import type { Caller } from '#contracts/services/identity.ts';
import type { ImageUpload, ImageWriter, NewImage } from '#contracts/services/images.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { withOwnRoles } from '../own-roles.ts';
import { uploadContent } from './files/image-content.ts';
import { readImageBody } from './image-body.ts';
import { createImage, type ImageContext } from './images.ts';

/** The writer, and the upload of the bytes, which is not bound to a user. */
export function imageWriter(
  context: ImageContext,
): ImageWriter & { saveImage(id: string, upload: ImageUpload): Promise<void> } {
  const { store, files } = context;
  return {
    createImage: (image, caller) => writeImage(context, withOwnRoles(caller), image),
    async deleteImage(id) {
      await store.remove(id);
      await files.remove(id);
    },
    async listBackups({ serverId, backupType, likeImageId }) {
      const images = await store.list();
      const newest = images.find(({ id }) => id === likeImageId);
      return images.flatMap(({ id, properties, projectId, isProtected }) => {
        // Any user may set these properties.
        if (projectId !== newest?.projectId || isProtected) return [];
        const isOfServer = properties['instance_uuid'] === serverId;
        const isBackup = properties['image_type'] === 'backup';
        return isOfServer && isBackup && properties['backup_type'] === backupType ? [id] : [];
      });
    },
    async saveImage(id, { sizeBytes, open }) {
      const image = await store.get(id);
      if (image === undefined) {
        throw new ComputeError('notFound', `No image found with ID ${id}`);
      }
      if (image.status === 'active') return;
      try {
        await uploadContent(context, image, { bytes: open(), announcedBytes: sizeBytes });
      } catch (cause) {
        if (isComputeError(cause)) throw cause;
        throw new ComputeError('unavailable', `The upload of image ${id} was cut off.`, { cause });
      }
    },
  };
}

async function writeImage(
  context: ImageContext,
  caller: Caller,
  { id: imageId, name, diskFormat, minDiskGib, properties, sharedWith }: NewImage,
): Promise<void> {
  const body = readImageBody({
    ...properties,
    id: imageId,
    name,
    visibility: sharedWith === null ? 'private' : 'shared',
    disk_format: diskFormat,
    container_format: 'bare',
    min_disk: minDiskGib,
  });
  await createImage(context, caller, body);
  if (sharedWith !== null) {
    const now = context.clock.now();
    const member = { imageId, memberId: sharedWith, status: 'pending', createdAt: now } as const;
    await context.store.putMember({ ...member, updatedAt: now });
  }
}
