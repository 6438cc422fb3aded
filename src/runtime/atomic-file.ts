/**
 * Atomic file writes: complete and on disk, or unchanged, also after a crash or a power cut. Always
 * in this order: write the new content under another name and sync it; rename it, which is atomic;
 * sync the folder, which holds the rename. Source: rename(2), fsync(2).
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Readable by its owner only, unless specified otherwise. */
const ownersOnly = 0o600;

/** New content that this process is writing. */
const ours = new Set<string>();

/** Where new content is written first. Example: `/…/token` → `/…/token.812-6f0c….new`. */
function newPart(path: string): string {
  const part = `${path}.${process.pid}-${randomUUID()}.new`;
  ours.add(part);
  return part;
}

/** Of these names in the file's folder: new content that dead processes left. */
function leftOvers(path: string, names: readonly string[]): string[] {
  const start = `${basename(path)}.`;
  return names.flatMap((name) => {
    const [, pid] = /^(\d+)-[-\da-f]+\.new$/.exec(name.slice(start.length)) ?? [];
    if (pid === undefined || !name.startsWith(start)) return [];
    const left = join(dirname(path), name);
    // A dead process may have had our own id, as in a container.
    const isInUse = Number(pid) === process.pid ? ours.has(left) : isRunning(Number(pid));
    return isInUse ? [] : [left];
  });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Writes the text to this file, replacing it if it exists; readable by its owner only. Resolves
 * when it is on disk; a reader finds the old text or the new one, and of several concurrent writes
 * one is kept whole. Throws the file system's errors, and leaves nothing behind.
 */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const part = newPart(path);
  try {
    for (const left of leftOvers(path, await readdir(dirname(path)))) {
      await rm(left, { force: true });
    }
    const file = await open(part, 'wx', ownersOnly);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await renameDurably(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    ours.delete(part);
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
  const part = newPart(path);
  try {
    for (const left of leftOvers(path, readdirSync(dirname(path)))) rmSync(left, { force: true });
    writeFileSync(part, text, { flag: 'wx', mode: ownersOnly, flush: true });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    ours.delete(part);
  }
  syncFolderSync(dirname(path));
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
