import { expect, test } from 'vitest';
import { guestKernel, kernelImages } from './guest-kernel.ts';

const usual = 'root=/dev/vda console=tty0 console=ttyS0';

test.each<[Record<string, string>, ReturnType<typeof guestKernel>]>([
  [{}, null],
  [{ kernel_id: '' }, null],
  [{ kernel_id: 'nokernel', ramdisk_id: 'r' }, null],
  [{ os_command_line: 'quiet' }, null],
  [{ kernel_id: 'k' }, { imageId: 'k', ramdiskImageId: null, commandLine: usual }],
  [
    { kernel_id: 'k', hw_disk_bus: 'sata' },
    { imageId: 'k', ramdiskImageId: null, commandLine: usual.replace('vda', 'sda') },
  ],
  [
    { kernel_id: 'k', ramdisk_id: 'r', os_command_line: 'quiet' },
    { imageId: 'k', ramdiskImageId: 'r', commandLine: 'quiet' },
  ],
])('%o', (imageProperties, gives) => {
  expect(guestKernel({ imageProperties })).toEqual(gives);
});

test('a ramdisk without a kernel is ignored', () => {
  expect(kernelImages({ ramdisk_id: 'r' })).toEqual({ kernelId: null, ramdiskId: null });
});
