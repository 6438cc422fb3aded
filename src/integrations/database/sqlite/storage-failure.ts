/**
 * What SQLite reports of the disk below it, as an error with words. Codes: sqlite.org/rescode.html.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { ComputeError, errorText } from '#core/errors.ts';

const full = 13;
const failedIo = 10;
const usedUp =
  'the quota of the state directory is used up; make room there, and it continues without a restart';
const words = new Map([
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
 * The error as `unavailable` when it is the disk's fault and nobody's request; every other error as
 * it is. Example: `errcode` 13 → `the disk of the state directory is full; …`. SQLite reports a
 * quota that is used up as a failed write, so that is tried again beside the file at `path`.
 * `onFull` is called where there is no room.
 */
export function asStorageFailure(
  error: unknown,
  { path, onFull = () => {} }: { path?: string; onFull?: () => void } = {},
): unknown {
  const code = primaryCode(error);
  const isQuota = code === failedIo && path !== undefined && isQuotaUsedUp(path);
  const message = isQuota ? usedUp : words.get(code ?? 0);
  if (message === undefined) return error;
  if (isQuota || code === full) onFull();
  const detail = errorText(error);
  return new ComputeError('unavailable', message, { detail, cause: error });
}

/** Without the extension in its upper bytes; undefined for what is no error of SQLite. */
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
