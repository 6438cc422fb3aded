/** The end of a guest's output on its serial console. */
import { open } from 'node:fs/promises';
import { maxConsoleBytes } from '#contracts/host/guest-files.ts';
import type { GuestPaths } from '#core/guests/description/guest-paths.ts';

/**
 * At most `maxConsoleBytes` of it; empty when there is none yet. libvirt's log daemon rotates a
 * full file to `….0`: the end of that is prepended (virtlogd.conf, `max_size`), and before it what
 * the guest wrote on other hosts. A guest may write any bytes.
 */
export async function readConsoleLog({
  consoleLog,
  earlierConsole,
}: Pick<GuestPaths, 'consoleLog' | 'earlierConsole'>): Promise<Buffer> {
  let end = Buffer.alloc(0);
  for (const path of [consoleLog, `${consoleLog}.0`, earlierConsole]) {
    const room = maxConsoleBytes - end.length;
    if (room > 0) end = Buffer.concat([await readEnd(path, room), end]);
  }
  return end;
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
