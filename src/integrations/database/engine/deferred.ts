/** Commits that are reported before they are on disk, where an engine has such. */
import type { Kysely } from 'kysely';
import { invariant } from '#core/errors.ts';

/** The same database for commits that are reported before they are on disk. */
export interface Deferred<Tables> {
  db: Kysely<Tables>;
  /**
   * Resolves when all that is committed so far, on either, is on disk. Call it before anything
   * about such a commit leaves the process. Throws as a commit does.
   */
  onDisk: () => Promise<void>;
  /** As `onDisk`, up to 20 ms later: waits for a sync that is due anyway. */
  onDiskSoon: () => Promise<void>;
  /**
   * Empties the write-ahead log: it holds no older state of a row any more. Throws while another
   * process reads it. Absent where the log is not ours to empty.
   */
  dropLog?: () => Promise<void>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- each database has tables of its own
const deferrals = new WeakMap<object, Deferred<any>>();

/** States what `deferred` returns for a database. */
export function setDeferred<Tables>(db: Kysely<Tables>, its: Deferred<Tables>): void {
  deferrals.set(db, its);
}

/** Of a database as it was opened. Closed with it. */
export function deferred<Tables>(db: Kysely<Tables>): Deferred<Tables> {
  const known: Deferred<Tables> | undefined = deferrals.get(db);
  invariant(known, 'the database was not opened by this program');
  return known;
}
