import { expect, test } from 'vitest';
import { neededImages } from './needed-images.ts';

test('a guest is made from its image, and from the kernel and ramdisk that the image names', () => {
  const properties = { kernel_id: 'k', ramdisk_id: 'r', hw_vif_model: 'virtio' };
  expect(neededImages({ imageId: 'i', imageProperties: properties })).toEqual(['i', 'k', 'r']);
  expect(neededImages({ imageId: 'i', imageProperties: { ramdisk_id: '' } })).toEqual(['i']);
  expect(neededImages({ imageId: null, imageProperties: {} })).toEqual([]);
});
