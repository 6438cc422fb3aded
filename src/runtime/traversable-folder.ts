/** Folders above a guest's files. */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates the folder and its missing parents, so that QEMU's user may traverse but not list them,
 * independent of the umask. True when it was created. Source: libvirt gives QEMU's user the files
 * of a guest, not the folders above them.
 */
export async function makeTraversable(folder: string): Promise<boolean> {
  // Folder by folder: Node's own `recursive` reports a read-only file system as a missing file.
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
