/** The images that the guest of a server is made from. */
import { kernelImages } from './description/guest-kernel.ts';
import type { Guest } from './description/guest.ts';
import type { Server } from '../servers/server.ts';

/**
 * The boot image, and the kernel and ramdisk that its properties name. Example: an image with
 * `kernel_id` → two ids.
 */
export function neededImages(server: Pick<Server, 'imageId' | 'imageProperties'>): string[] {
  const { kernelId, ramdiskId } = kernelImages(server.imageProperties);
  return [server.imageId, kernelId, ramdiskId].filter((id) => id !== null);
}

/** The images that a command needs to rescue a guest; none for other commands. */
export function rescueImages(command: { guest?: Pick<Guest, 'rescue'> } | object): string[] {
  const rescue = 'guest' in command ? command.guest?.rescue : undefined;
  if (rescue === undefined) return [];
  const { imageId, kernel } = rescue;
  return [imageId, kernel?.imageId, kernel?.ramdiskImageId ?? undefined].filter(
    (id) => id !== undefined,
  );
}
