/** The end of a guest's output on its serial console. */
import { open } from 'node:fs/promises';
import { maxConsoleBytes } from '#contracts/host/guest-files.ts';

/**
 * At most `maxConsoleBytes` of it; '' when there is no log yet. libvirt's log daemon rotates a full
 * file to `….0`: the end of that is prepended. Source: virtlogd.conf, `max_size`.
 */
export async function readConsoleLog(path: string): Promise<string> {
  const newest = await readEnd(path, maxConsoleBytes);
  const room = maxConsoleBytes - newest.length;
  const older = room > 0 ? await readEnd(`${path}.0`, room) : Buffer.alloc(0);
  // A guest may write any bytes: those that are not text are shown as such.
  return Buffer.concat([older, newest]).toString('utf8');
}

async function readEnd(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const position = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await file.read({ buffer, position });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
