/**
 * Room on the disk of the state directory for what must work when it is full: deletes, sign-ins,
 * and the end of work in progress. A file reserves it; it is removed when the disk is full, and
 * created again when there is room.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';

export interface DiskReserve {
  /** Whether the entire disk is so small that everything on it must be. */
  isOnSmallDisk: boolean;
  /**
   * Whether there is too little room for anything new. Throws where the directory cannot be read.
   */
  isShort(): boolean;
  /** Frees the room for the next writes. */
  release(): void;
  /**
   * Makes the database release unneeded space; called after each release and before each attempt to
   * reserve again.
   */
  onRelease(tidy: () => Promise<void>): void;
  stop(): void;
}

export interface DiskReserveOptions {
  log: Logger;
  /** How often to try to reserve the room again. */
  retryMs?: number;
}

const mebibyte = 1024 * 1024;
export const reserveName = 'reserve';

/** Reserves the room, if there is enough. */
export function keepDiskReserve(
  stateDir: string,
  { log, retryMs = 2_000 }: DiskReserveOptions,
): DiskReserve {
  const path = join(stateDir, reserveName);
  const { bytes, least, isOnSmallDisk } = sizesFor(stateDir);
  let isHeld = take(path, { bytes, least });
  let tidy = async (): Promise<void> => {};
  let timer: NodeJS.Timeout | undefined;

  /** Never throws: no caller awaits it. */
  const tryAgain = async (): Promise<void> => {
    await tidy().catch(() => {});
    try {
      isHeld = take(path, { bytes, least });
    } catch (error) {
      log.error({ err: error }, 'the room on the disk cannot be reserved; will try again');
    }
    if (isHeld)
      log.info('the disk of the state directory has room again: all requests are accepted');
    else wait();
  };
  const wait = (): void => {
    timer = setTimeout(() => void tryAgain(), retryMs);
    timer.unref();
  };
  const announce = (): void => {
    log.warn(
      'the disk of the state directory is full: only reads, deletes and sign-ins are accepted until there is room',
    );
    wait();
  };
  if (!isHeld) announce();
  return {
    isOnSmallDisk,
    isShort: () => !isHeld || freeBytes(stateDir) < least,
    release() {
      if (!isHeld) return;
      isHeld = false;
      rmSync(path, { force: true });
      void tidy().catch(() => {});
      announce();
    },
    onRelease(act) {
      tidy = act;
    },
    stop: () => clearTimeout(timer),
  };
}

/** Bytes to reserve, and how many must be free beside them. On a small disk a small part of it. */
function sizesFor(stateDir: string) {
  const { blocks, bsize } = statfsSync(stateDir);
  const total = blocks * bsize;
  return {
    bytes: Math.min(8 * mebibyte, Math.floor(total / 16)),
    least: Math.min(2 * mebibyte, Math.floor(total / 64)),
    isOnSmallDisk: total < 128 * mebibyte,
  };
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether the file has its full size now. */
function take(path: string, { bytes, least }: { bytes: number; least: number }): boolean {
  const folder = join(path, '..');
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size === bytes) {
      if (freeBytes(folder) >= least) return true;
    } else if (freeBytes(folder) >= bytes + least) {
      fill(path, bytes);
      return true;
    }
  } catch {
    // Not enough room after all, or a quota: then what was written is freed.
  }
  rmSync(path, { force: true });
  return false;
}

/** Random bytes: a compressing file system would reserve no room otherwise. */
function fill(path: string, bytes: number): void {
  const block = randomFillSync(Buffer.alloc(mebibyte));
  const file = openSync(path, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; ) left -= writeSync(file, block, 0, Math.min(left, mebibyte));
  } finally {
    closeSync(file);
  }
}
