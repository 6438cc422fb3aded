/** A thread that checkpoints the write-ahead log of one database. */
import { Worker } from 'node:worker_threads';

/** Source: sqlite.org/pragma.html, "wal_checkpoint". */
export type CheckpointMode = 'passive' | 'restart' | 'truncate';

/** The answer to a request. `isBusy`: a writer or a reader was in the way all the time. */
export type Checkpointed = { isBusy: boolean; framesInLog: number } | { error: string };

/**
 * Starts the thread with a connection of its own. It answers each posted mode with `Checkpointed`,
 * and ends when `null` is posted. It does not keep the process running.
 */
export function startCheckpointThread(path: string): Worker {
  // From text, so that a bundle needs no file for it.
  const thread = new Worker(`(${run.toString()})(...require('node:worker_threads').workerData)`, {
    eval: true,
    workerData: [path, attempts, pauseMs],
  });
  thread.unref();
  // Its user sees the error of a request; without a listener, one between requests would end the
  // process.
  thread.on('error', () => undefined);
  return thread;
}

/**
 * How often a busy checkpoint is tried: long enough for transactions of this process, which take
 * some milliseconds. Not by SQLite's own wait: it would keep writers out while it waits for a
 * reader, such as a backup.
 */
const attempts = 20;
const pauseMs = 5;

/** Runs in the thread: has nothing of this module but its arguments. */
// oxlint-disable-next-line max-params -- a message cannot have more than a list
function run(file: string, mostAttempts: number, waitMs: number): void {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const database = new DatabaseSync(file);
  // As the connections of the main thread: with it, SQLite syncs the log before it is copied.
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec('PRAGMA busy_timeout = 0');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  parentPort?.on('message', (mode: string | null) => {
    if (mode === null) {
      database.close();
      parentPort.close();
      return;
    }
    try {
      for (let attempt = 1; ; attempt += 1) {
        const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
        const isBusy = row?.['busy'] === 1;
        if (isBusy && attempt < mostAttempts) {
          Atomics.wait(pause, 0, 0, waitMs);
          continue;
        }
        parentPort.postMessage({ isBusy, framesInLog: Number(row?.['log']) });
        return;
      }
    } catch (error) {
      parentPort.postMessage({ error: String(error) });
    }
  });
}
