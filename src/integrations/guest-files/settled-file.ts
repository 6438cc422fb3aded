/**
 * Files that have their name only when they are whole and on disk: a crash leaves the old one or
 * the new one.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Ending of a file that is being written. */
export const partEnding = '.part';

/** Gives a whole file its name, in place of what had it. */
export async function settle(part: string, path: string): Promise<void> {
  await flush(part);
  await rename(part, path);
  await flush(dirname(path));
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
