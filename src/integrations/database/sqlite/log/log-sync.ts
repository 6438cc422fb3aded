/** Makes commits durable together, without blocking the process. */
import { closeSync, fdatasync, openSync } from 'node:fs';
import { setImmediate as afterEvents } from 'node:timers/promises';
import { ComputeError, errorText } from '#core/errors.ts';

/** How many turns of the event loop a sync waits for further commits. */
const turnsPerSync = 5;

/** How long a commit may be off the disk while nobody waits for it. */
const longestBehindMs = 20;

/** Writes what a file holds to its disk. Calls back with the file system's error, or null. */
export type SyncFile = (fd: number, done: (error: Error | null) => void) => void;

/**
 * Syncs the write-ahead log of a database that commits with `synchronous=NORMAL`: SQLite then
 * writes a commit to the log and leaves the sync to us. One sync makes all earlier commits durable,
 * because the log is written in order; commits that wait at the same time share it. Source:
 * sqlite.org/wal.html, "Performance Considerations".
 */
export class LogSync {
  readonly #path: string;
  readonly #syncFile: SyncFile;
  #fd: number | undefined;
  /** The latest sync that has begun. */
  #running: Promise<void> = Promise.resolve();
  /** The sync that begins next, for all commits until then. */
  #next: Promise<void> | undefined;
  /** Those who wait for whichever sync comes next. */
  #patient: PromiseWithResolvers<void> | undefined;
  #failure: ComputeError | undefined;
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;

  /** `path`: the database's file. */
  constructor(path: string, syncFile: SyncFile = fdatasync) {
    this.#path = `${path}-wal`;
    this.#syncFile = syncFile;
  }

  /** The log has something that no sync has made durable. It is synced soon, if not on request. */
  written(): void {
    this.#isBehind = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.synced().catch(() => undefined);
    }, longestBehindMs).unref();
  }

  /**
   * Resolves when all that was committed before this call is on disk. Throws `unavailable` once a
   * sync has failed, from then on: the kernel may have dropped what it could not write, so only a
   * restart can determine which commits are on disk. Source: fsync(2), "Errors".
   */
  synced(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (!this.#isBehind) return this.#running;
    this.#next ??= this.#syncNext();
    return this.#next;
  }

  /** As `synced`, up to 20 ms later: waits for a sync that is due anyway. */
  syncedSoon(): Promise<void> {
    if (this.#failure !== undefined || !this.#isBehind) return this.synced();
    if (this.#next !== undefined) return this.#next;
    this.written();
    this.#patient ??= Promise.withResolvers();
    return this.#patient.promise;
  }

  /** Throws `unavailable` once a sync has failed: nothing more may be committed then. */
  assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Syncs what is not on disk yet. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.synced().catch(() => undefined);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  async #syncNext(): Promise<void> {
    // It may have begun before the caller's commit.
    await this.#running.catch(() => undefined);
    // Commits of these turns of the event loop share the sync. A turn of a busy process takes
    // milliseconds, one of an idle process microseconds.
    for (let turn = 0; turn < turnsPerSync; turn += 1) await afterEvents();
    this.#next = undefined;
    const running = this.#sync();
    this.#running = running;
    const patient = this.#patient;
    this.#patient = undefined;
    patient?.resolve(running);
    await running;
  }

  async #sync(): Promise<void> {
    this.assertUsable();
    const fd = this.#opened();
    this.#isBehind = false;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#syncFile(fd, (error) => {
      if (error === null) return resolve();
      this.#failure = syncFailure(error);
      reject(this.#failure);
    });
    return promise;
  }

  /**
   * Opened once: the log is one file until the last connection to the database closes. Throws
   * `unavailable` when it cannot be opened now; the next sync tries again.
   */
  #opened(): number {
    try {
      this.#fd ??= openSync(this.#path, 'r');
      return this.#fd;
    } catch (cause) {
      const message =
        'the log of the database cannot be opened, so nothing is certain to be stored';
      throw new ComputeError('unavailable', message, { detail: errorText(cause), cause });
    }
  }
}

function syncFailure(cause: Error): ComputeError {
  return new ComputeError(
    'unavailable',
    'the disk of the state directory does not store what is written; repair it, and restart novella',
    { detail: errorText(cause), cause },
  );
}
