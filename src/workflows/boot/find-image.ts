/** The image that a server starts from, refused at once when it is unusable. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Image } from '#contracts/services/images.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { guestHardware, videoModel } from '#core/guests/description/guest-hardware.ts';
import { nicModel } from '#core/guests/nics/nic-frontend.ts';
import { kernelImages } from '#core/guests/description/guest-kernel.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * An active image whose kernel and ramdisk, if any, are active too, for supported hardware. Throws
 * `invalid`, naming the field.
 */
export async function findImage(
  context: WorkflowContext,
  caller: Caller,
  id: string,
): Promise<Image> {
  const image = await findActive(context, caller, { id, name: `Image ${id}` });
  const { kernelId, ramdiskId } = kernelImages(image.properties);
  for (const [key, otherId] of Object.entries({ kernel_id: kernelId, ramdisk_id: ramdiskId })) {
    if (otherId === null) continue;
    const name = `Image ${otherId}, the ${key} of image ${id},`;
    await findActive(context, caller, { id: otherId, name });
  }
  accepted(guestHardware(image.properties));
  accepted(videoModel(image.properties));
  accepted(nicModel(image.properties));
  return image;
}

async function findActive(
  context: WorkflowContext,
  caller: Caller,
  { id, name }: { id: string; name: string },
): Promise<Image> {
  try {
    const image = await context.images.showImage(id, caller);
    if (image.status === 'active') return image;
    throw new ComputeError('invalid', `imageRef: ${name} is not active: ${image.status}.`);
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    throw new ComputeError('invalid', `imageRef: ${name} could not be found.`, { cause });
  }
}

/** Throws `invalid` when the image needs more than the flavor has. */
export function checkImageFits(flavor: Flavor, image: Image): void {
  if (flavor.memoryMib < image.minMemoryMib) {
    throw new ComputeError(
      'invalid',
      `flavorRef: flavor ${flavor.name} has ${flavor.memoryMib} MiB of memory, image ${image.id} needs at least ${image.minMemoryMib}`,
    );
  }
  if (flavor.diskGib > 0 && flavor.diskGib < image.minDiskGib) {
    throw new ComputeError(
      'invalid',
      `flavorRef: flavor ${flavor.name} has ${flavor.diskGib} GiB of disk, image ${image.id} needs at least ${image.minDiskGib}`,
    );
  }
}
