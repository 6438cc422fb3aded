/** The images that the guest of a server is made from. */
import type { Server } from './server.ts';

/**
 * The boot image, and the kernel and ramdisk that its properties name. Example: an image with `kernel_id` → two ids.
 * Source: Glance, image properties `kernel_id` and `ramdisk_id`.
 */
export function neededImages(server: Pick<Server, 'imageId' | 'imageProperties'>): string[] {
  const { imageId, imageProperties } = server;
  const ids = [imageId, imageProperties['kernel_id'], imageProperties['ramdisk_id']];
  return ids.filter((id): id is string => typeof id === 'string' && id !== '');
}
