/** Opens a SQLite file for the dialect, or reports what is wrong with it and what to do. */
import { DatabaseSync } from 'node:sqlite';
import { ComputeError, errorText } from '#core/errors.ts';
import { ownCheckpointPages } from './log/checkpoints.ts';
import { primaryCode } from './storage-failure.ts';
import { whyUnusable } from './unusable-file.ts';

/** Creates the file when it is missing. Throws `unavailable`, naming the file. */
export function openFile(path: string, busyTimeoutMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    const unusable = path === ':memory:' ? undefined : whyUnusable(path);
    if (unusable !== undefined) throw new ComputeError('unavailable', unusable);
    database = new DatabaseSync(path);
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(path === ':memory:' ? 'PRAGMA synchronous = OFF' : 'PRAGMA synchronous = NORMAL');
    // `Checkpoints` copies the log, outside of this thread.
    database.exec(`PRAGMA wal_autocheckpoint = ${ownCheckpointPages}`);
    database.exec('PRAGMA cache_size = -8000');
    database.exec('PRAGMA foreign_keys = ON');
    // Erased data is overwritten: secrets do not stay in free pages.
    database.exec('PRAGMA secure_delete = ON');
    // From here on the driver does the waiting: SQLite's own would block this process, and with it
    // a writer on another of its connections.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    database?.close();
    throw openFailure(path, cause);
  }
}

/**
 * The same file for reads that wait for no writer. Undefined for a database limited to one
 * connection.
 */
export function openReader(path: string): DatabaseSync | undefined {
  if (path === ':memory:') return undefined;
  return new DatabaseSync(path, { readOnly: true });
}

const damaged = 11;
const notADatabase = 26;
const wayOut = 'restore a backup into it: novella restore BACKUP --state-dir DIR --replace';

/**
 * The error for a damaged file. Example: `database /s/novella.sqlite is damaged: …; restore a
 * backup into it: …`.
 */
export function damagedFile(path: string, damage: string, cause?: unknown): ComputeError {
  return new ComputeError('unavailable', `database ${path} is damaged: ${damage}; ${wayOut}`, {
    cause,
  });
}

function openFailure(path: string, cause: unknown): ComputeError {
  const problem = errorText(cause);
  const code = primaryCode(cause);
  if (code === damaged) return damagedFile(path, problem, cause);
  const message =
    code === notADatabase
      ? `database ${path} is not a database; ${wayOut}`
      : `database ${path}: cannot be opened: ${problem}`;
  return new ComputeError('unavailable', message, { cause });
}
