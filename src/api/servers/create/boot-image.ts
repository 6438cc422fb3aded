/** The image a server boots from, by `imageRef` or by a block device. Novella has no volumes. */
import { ComputeError } from '#core/errors.ts';
import { idOfReference } from '../../requests/fields.ts';
import type { BlockDevice, CreateServerBody } from './create-schema.ts';

/**
 * The id of the image. Throws `invalid` when there is none, or when a block device is anything but
 * that image on local disk.
 */
export function bootImageId(server: CreateServerBody['server']): string {
  if ((server.block_device_mapping ?? []).length > 0) {
    throw new ComputeError(
      'invalid',
      'block_device_mapping: volumes are not offered; boot from an image with imageRef.',
    );
  }
  const named = idOfReference(server.imageRef ?? '') || undefined;
  const images = (server.block_device_mapping_v2 ?? []).map((device, at) =>
    imageOf(device, `block_device_mapping_v2[${at}]`),
  );
  const imageId = named ?? images[0];
  if (imageId === undefined) {
    throw new ComputeError(
      'invalid',
      'Invalid imageRef provided: it is empty, and no block device names an image.',
    );
  }
  const other = images.findIndex((id) => id !== imageId);
  if (other < 0) return imageId;
  throw new ComputeError(
    'invalid',
    `block_device_mapping_v2[${other}]: it names image ${images[other]}, the server boots from ${imageId}.`,
  );
}

function imageOf(device: BlockDevice, where: string): string {
  const { source_type: source, destination_type: destination = 'local' } = device;
  const index = device.boot_index ?? 0;
  const id = device.uuid ?? device.image_id;
  if (source === 'image' && destination === 'local' && Number(index) === 0 && id !== undefined)
    return id;
  throw new ComputeError(
    'invalid',
    `${where}: Block Device Mapping is Invalid: only the boot image (source_type image, destination_type local, boot_index 0) is offered, not ${source ?? 'nothing'} on ${destination} as ${index}.`,
  );
}
