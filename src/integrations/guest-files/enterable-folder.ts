/** Folders on the way to a guest's files. */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the folder and those above it that are not there, so that the user that QEMU runs as may pass through and not list them, whatever our
 * umask. True when it was made. Source: libvirt gives QEMU's user the files of a guest, not the folders above them.
 */
export async function makeEnterable(folder: string): Promise<boolean> {
  const topmost = await mkdir(folder, { recursive: true });
  if (topmost === undefined) return false;
  for (let each = folder; each.length >= topmost.length; each = dirname(each)) {
    await chmod(each, 0o711);
  }
  return true;
}
