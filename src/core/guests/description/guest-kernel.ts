/** Which kernel a guest starts from when its image contains none. */
import type { Server } from '../../servers/server.ts';
import { diskName, guestHardware } from './guest-hardware.ts';
import type { GuestKernel } from './guest.ts';

/**
 * The images that an image's properties name. Source: Glance common image properties `kernel_id`,
 * `ramdisk_id`.
 */
export interface KernelImages {
  kernelId: string | null;
  ramdiskId: string | null;
}

/**
 * Example: `{ kernel_id: '5f…', ramdisk_id: '' }` → `{ kernelId: '5f…', ramdiskId: null }`. A
 * ramdisk without a kernel is ignored.
 */
export function kernelImages(imageProperties: Record<string, string>): KernelImages {
  const kernelId = idOrNull(imageProperties['kernel_id']);
  const ramdiskId = kernelId === null ? null : idOrNull(imageProperties['ramdisk_id']);
  return { kernelId, ramdiskId };
}

/**
 * Root on its first disk, and output on the serial console. Source: Nova's default for a guest with
 * a kernel.
 */
function usualCommandLine(imageProperties: Record<string, string>): string {
  return `root=${rootDevice(imageProperties)} console=tty0 console=ttyS0`;
}

/** The guest's first disk. Example: `{ hw_disk_bus: 'sata' }` → `/dev/sda`. */
export function rootDevice(imageProperties: Record<string, string>): string {
  const board = guestHardware(imageProperties);
  return `/dev/${diskName(board.ok ? board.hardware.diskBus : 'virtio')}`;
}

/**
 * null: it starts from the boot loader on its disk. `os_command_line` of the image replaces the
 * usual command line.
 */
export function guestKernel({
  imageProperties,
}: Pick<Server, 'imageProperties'>): GuestKernel | null {
  const { kernelId, ramdiskId } = kernelImages(imageProperties);
  if (kernelId === null) return null;
  const commandLine = imageProperties['os_command_line'] ?? usualCommandLine(imageProperties);
  return { imageId: kernelId, ramdiskImageId: ramdiskId, commandLine };
}

/** Old tools write `nokernel` for none. */
function idOrNull(id: string | undefined): string | null {
  return id === undefined || id === '' || id === 'nokernel' ? null : id;
}
