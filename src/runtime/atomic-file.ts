/**
 * Atomic file writes: complete and on disk, or unchanged, also after a crash or a power cut (except
 * `replaceFileSync`). Always in this order: write the new content under another name and sync it;
 * rename it, which is atomic; sync the folder, which holds the rename. Source: rename(2), fsync(2).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KeyedQueue } from './serial-queue.ts';

/** Readable by its owner only, unless specified otherwise. */
const ownersOnly = 0o600;

const newEnding = '.new';

/**
 * Writes the text to this file, replacing it if it exists; readable by its owner only. Resolves
 * when it is on disk; a reader finds the old text or the new one; concurrent writes of this process
 * come one after the other. Throws the file system's errors,
 * and leaves nothing behind.
 */
export function writeFileDurably(path: string, text: string): Promise<void> {
  return writing.run(path, () => writeOnce(path, text));
}

/** By path: two writes of one file would share the name of its new content. */
const writing = new KeyedQueue();

async function writeOnce(path: string, text: string): Promise<void> {
  const part = `${path}${newEnding}`;
  try {
    // A left-over of a dead process may be readable by others.
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
 * Moves a completely written file to its name, replacing what was there, once the content is on
 * disk. Example: `renameDurably('/…/disk.part', '/…/disk')`.
 */
export async function renameDurably(part: string, path: string): Promise<void> {
  await sync(part);
  await rename(part, path);
  await sync(dirname(path));
}

/** Removes a file durably. No error when it, or its folder, does not exist. */
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

/** Synchronous `writeFileDurably`: for what is written before a program serves requests. */
export function writeFileDurablySync(path: string, text: string): void {
  writeBesideSync(path, text, { flush: true });
  syncFolderSync(dirname(path));
}

/** Writes it under another name first. `flush`: its content is on disk before it has its name. */
function writeBesideSync(path: string, text: string, { flush }: { flush: boolean }): void {
  const part = `${path}${newEnding}`;
  try {
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: ownersOnly, flush });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/**
 * Replaces the text of a file without waiting for the disk: complete after the death of any
 * process, but after a power cut the file may have its old text, be empty, or be missing.
 */
export function replaceFileSync(path: string, text: string): void {
  writeBesideSync(path, text, { flush: false });
}

/** Syncs the folder: files created, renamed and removed in it are on disk. */
export function syncFolderSync(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
