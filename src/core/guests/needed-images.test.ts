import { expect, test } from 'vitest';
import { neededImages } from './needed-images.ts';

test('a guest needs its image, and the kernel and ramdisk that the image names', () => {
  const imageProperties = { kernel_id: 'k', ramdisk_id: 'r', hw_vif_model: 'virtio' };
  expect(neededImages({ imageId: 'i', imageProperties })).toEqual(['i', 'k', 'r']);
  expect(neededImages({ imageId: 'i', imageProperties: { kernel_id: '' } })).toEqual(['i']);
  expect(neededImages({ imageId: null, imageProperties: {} })).toEqual([]);
});
