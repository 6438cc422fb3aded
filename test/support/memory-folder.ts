/** A folder in memory for temporary files. */
import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const shared = '/dev/shm';

/** Enough for every state directory of the tests and an agent's bundle. Bytes. */
const least = 2 * 1024 ** 3;

/**
 * `/dev/shm` where it has space and may run programs (a container's is often small, and mounted
 * noexec), else the usual folder. A TMPDIR of the user is kept.
 */
export function memoryFolder(): string {
  if (process.env['TMPDIR'] !== undefined) return process.env['TMPDIR'];
  try {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[1] === shared);
    const options = mount?.split(' ')[3]?.split(',') ?? ['noexec'];
    const { bavail, bsize } = statfsSync(shared);
    if (!options.includes('noexec') && bavail * bsize >= least) return shared;
  } catch {
    // This system has no such file system.
  }
  return tmpdir();
}
