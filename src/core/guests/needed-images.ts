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

/** The parts of a guest that are made from images. */
type MadeFrom = Pick<Guest, 'imageId' | 'kernel' | 'rescue'>;

/**
 * The images that a command needs for its guest, which may not be on the host yet, or is rescued;
 * none for other commands.
 */
export function commandImages(command: { guest?: MadeFrom } | object): string[] {
  const guest = 'guest' in command ? command.guest : undefined;
  return [guest, guest?.rescue].flatMap((made) => {
    const { imageId = null, kernel = null } = made ?? {};
    return [imageId, kernel?.imageId ?? null, kernel?.ramdiskImageId ?? null].filter(
      (id) => id !== null,
    );
  });
}
