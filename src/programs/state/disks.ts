/** Room on the disks of this process. */
import { stat, statfs } from 'node:fs/promises';
import type { DiskRoom } from '#api/requests/context.ts';

/**
 * One entry for each file system; a folder that does not exist (yet) is left out. Example: `{
 * state: '/s', images: '/s/images' }`.
 */
export async function diskRooms(folders: Readonly<Record<string, string>>): Promise<DiskRoom[]> {
  const rooms = new Map<number, DiskRoom>();
  for (const [use, path] of Object.entries(folders)) {
    const device = await stat(path).then(
      ({ dev }) => dev,
      () => undefined,
    );
    if (device === undefined) continue;
    const known = rooms.get(device);
    if (known === undefined) {
      const { bavail, blocks, bsize } = await statfs(path);
      rooms.set(device, { uses: [use], freeBytes: bavail * bsize, sizeBytes: blocks * bsize });
    } else known.uses.push(use);
  }
  return [...rooms.values()];
}
