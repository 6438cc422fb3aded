/** Files that are whole and on disk, or as they were before: also after a crash and a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes the text under this name, in place of what had it; readable by its owner only. A reader
 * finds the old text or the new one.
 */
export function writeWhole(path: string, text: string): void {
  const part = `${path}.new`;
  try {
    // What a dead process left may be another's to read.
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: 0o600, flush: true });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** What was made, renamed and removed in the folder is on disk. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
