/** Images as a user of the compute API may see and change them, in this process. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Image, ImageService } from '#contracts/services/images.ts';
import type { StoredImage } from '#contracts/store/image-store.ts';
import { imageQueryParameters } from '#core/images/image-query.ts';
import { propertyPatch } from '#core/images/property-patch.ts';
import { withOwnRoles } from '../own-roles.ts';
import { findImage, readers, requireRole, writers } from './image-access.ts';
import { type ImageContext, patchImage, removeImage } from './images.ts';
import { listPage } from './lists/list-page.ts';
import { readPatch } from './patch.ts';

/** With the roles that the same call over HTTP needs. */
export function userImages(context: ImageContext): ImageService {
  return {
    async showImage(id, caller) {
      const user = withRole(caller, readers);
      return toImage(await findImage(context.store, user, id));
    },
    async listImages(query, caller) {
      const user = withRole(caller, readers);
      const parameters = imageQueryParameters(query);
      const { page, isMore } = await listPage(context.store, user, parameters);
      return { images: page.map(toImage), hasMore: isMore };
    },
    async changeProperties(id, change, caller) {
      const user = withRole(caller, writers);
      const patch = readPatch(propertyPatch(change), '2.1');
      return toImage(await patchImage(context, user, { id, ...patch }));
    },
    deleteImageAs: async (id, caller) => removeImage(context, withRole(caller, writers), id),
  };
}

/** Throws `forbidden`. */
function withRole(caller: Caller, roles: Parameters<typeof requireRole>[1]): Caller {
  const user = withOwnRoles(caller);
  requireRole(user, roles);
  return user;
}

export function toImage(image: StoredImage): Image {
  return {
    id: image.id,
    name: image.name,
    status: image.status,
    diskFormat: image.diskFormat ?? '',
    minDiskGib: image.minDiskGib,
    minMemoryMib: image.minMemoryMib,
    sizeBytes: image.sizeBytes ?? 0,
    createdAt: image.createdAt,
    updatedAt: image.updatedAt,
    properties: image.properties,
  };
}
