/**
 * Files that are whole and on disk, or as they were before: also after a crash and a power cut.
 * Always in this order: the new content under another name, synced; the rename, which happens as a
 * whole or not at all; the folder, synced, for the rename is in it. Source: rename(2), fsync(2).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** For its owner only: what is not said to be for others is not. */
const ownersOnly = 0o600;

const newEnding = '.new';

/**
 * Writes the text under this name, in place of what had it; readable by its owner only. Resolves
 * when it is on disk; a reader finds the old text or the new one. Throws what the file system does,
 * and leaves nothing behind.
 */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const part = `${path}${newEnding}`;
  try {
    // What a dead process left may be another's to read.
    await rm(part, { force: true });
    const file = await open(part, 'w', ownersOnly);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await renameDurably(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Gives a file that is written to its end its name, in place of what had it, once the content is on
 * disk. Example: `renameDurably('/…/disk.part', '/…/disk')`.
 */
export async function renameDurably(part: string, path: string): Promise<void> {
  await sync(part);
  await rename(part, path);
  await sync(dirname(path));
}

/** Removes a file, so that it stays removed. No error when there is none, nor a folder for it. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await sync(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** As `writeFileDurably`, at once: for what is written before a program serves anybody. */
export function writeFileDurablySync(path: string, text: string): void {
  const part = `${path}${newEnding}`;
  try {
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: ownersOnly, flush: true });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolderSync(dirname(path));
}

/** What was made, renamed and removed in the folder is on disk. */
export function syncFolderSync(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
