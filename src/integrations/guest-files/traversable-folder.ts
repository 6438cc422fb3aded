/** Folders on the way to a guest's files. */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the folder and those above it that are not there, so that the user that QEMU runs as may
 * pass through and not list them, whatever our umask. True when it was made. Source: libvirt gives
 * QEMU's user the files of a guest, not the folders above them.
 */
export async function makeTraversable(folder: string): Promise<boolean> {
  // Folder by folder: Node's own `recursive` calls a read-only file system a missing file.
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT' || !(await makeTraversable(dirname(folder)))) throw error;
    return makeTraversable(folder);
  }
  await chmod(folder, 0o711);
  return true;
}
