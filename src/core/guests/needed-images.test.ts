import { expect, test } from 'vitest';
import { aGuest } from '#test/hosts/guests.ts';
import type { Guest } from './description/guest.ts';
import { commandImages, neededImages } from './needed-images.ts';

test('a guest needs its image, and the kernel and ramdisk that the image names', () => {
  const imageProperties = { kernel_id: 'k', ramdisk_id: 'r', hw_vif_model: 'virtio' };
  expect(neededImages({ imageId: 'i', imageProperties })).toEqual(['i', 'k', 'r']);
  expect(neededImages({ imageId: 'i', imageProperties: { kernel_id: '' } })).toEqual(['i']);
  expect(neededImages({ imageId: null, imageProperties: {} })).toEqual([]);
});

test('a command needs the images of its guest, also before that is on the host', () => {
  const kernel = { imageId: 'k', ramdiskImageId: 'r', commandLine: '' };
  const rescue = { imageId: 'saviour', kernel: null } as NonNullable<Guest['rescue']>;
  const guest = aGuest({ imageId: 'i', kernel, rescue });
  expect(commandImages({ do: 'spawn', guest })).toEqual(['i', 'k', 'r', 'saviour']);
  expect(commandImages({ do: 'stop', guestId: 'g' })).toEqual([]);
});
