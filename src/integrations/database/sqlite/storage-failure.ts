/** Turns SQLite's disk errors into readable ones. Codes: sqlite.org/rescode.html. */
import { rmSync, writeFileSync } from 'node:fs';
import { ComputeError, errorText } from '#core/errors.ts';

const full = 13;
const failedIo = 10;
const usedUp =
  'the quota of the state directory is used up; make room there, and it continues without a restart';
const messages = new Map([
  [
    full,
    'the disk of the state directory is full; make room there, and it continues without a restart',
  ],
  [8, 'the database cannot be written: its file or its disk is read-only'],
  [
    failedIo,
    'the disk of the state directory cannot be read or written; see the log of the kernel',
  ],
  [11, 'the database is damaged; restore a backup'],
  [26, 'the database file is not a database; restore a backup'],
]);

/**
 * Converts a disk fault to `unavailable`; returns every other error unchanged. Example: `errcode`
 * 13 → `the disk of the state directory is full; …`. SQLite reports an exhausted quota as a failed
 * write, so a test write is made beside the file at `path`. `onFull` is called when the disk is
 * full.
 */
export function asStorageFailure(
  error: unknown,
  { path, onFull = () => {} }: { path?: string; onFull?: () => void } = {},
): unknown {
  const code = primaryCode(error);
  const isQuota = code === failedIo && path !== undefined && isQuotaUsedUp(path);
  const message = isQuota ? usedUp : messages.get(code ?? 0);
  if (message === undefined) return error;
  if (isQuota || code === full) onFull();
  const detail = errorText(error);
  return new ComputeError('unavailable', message, { detail, cause: error });
}

/** The code without its extension in the upper bytes; undefined for errors not from SQLite. */
export function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

function isQuotaUsedUp(path: string): boolean {
  const probe = `${path}-probe`;
  try {
    writeFileSync(probe, Buffer.alloc(64 * 1024));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EDQUOT';
  } finally {
    rmSync(probe, { force: true });
  }
}
