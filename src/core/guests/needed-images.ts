/** The images that the guest of a server is made from. */
import { kernelImages } from './description/guest-kernel.ts';
import type { Server } from '../servers/server.ts';

/**
 * The boot image, and the kernel and ramdisk that its properties name. Example: an image with
 * `kernel_id` → two ids.
 */
export function neededImages(server: Pick<Server, 'imageId' | 'imageProperties'>): string[] {
  const { kernelId, ramdiskId } = kernelImages(server.imageProperties);
  return [server.imageId, kernelId, ramdiskId].filter((id) => id !== null);
}
