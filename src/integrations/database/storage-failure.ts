/** What SQLite reports of the disk below it, as an error with words. Codes: sqlite.org/rescode.html. */
import { ComputeError } from '#core/errors.ts';

const words = new Map([
  [
    13,
    'the disk of the state directory is full; make room there, and it continues without a restart',
  ],
  [8, 'the database cannot be written: its file or its disk is read-only'],
  [10, 'the disk of the state directory cannot be read or written; see the log of the kernel'],
  [11, 'the database is damaged; restore a backup'],
  [26, 'the database file is not a database; restore a backup'],
]);

/**
 * The error as `unavailable` when it is the disk's fault and nobody's request; every other error as it is. Example: `errcode` 13 → `the disk of the state
 * directory is full; …`. SQLite reports a quota that is used up as a full disk or as a failed write.
 */
export function asStorageFailure(error: unknown): unknown {
  const code = (error as { errcode?: unknown }).errcode;
  const message = typeof code === 'number' ? words.get(code & 0xff) : undefined;
  if (message === undefined) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ComputeError('unavailable', message, { detail, cause: error });
}
