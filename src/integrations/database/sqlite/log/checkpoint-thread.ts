/** A thread that checkpoints the write-ahead log of one database. */
import { Worker } from 'node:worker_threads';

/** Source: sqlite.org/pragma.html, "wal_checkpoint". */
export type CheckpointMode = 'passive' | 'restart' | 'truncate';

/** The answer to a request. */
export type Checkpointed = { framesInLog: number } | { error: string };

/**
 * Starts the thread with a connection of its own. It answers each posted mode with `Checkpointed`,
 * and ends when `null` is posted. It does not keep the process running.
 */
export function startCheckpointThread(path: string): Worker {
  // From text, so that a bundle needs no file for it.
  const thread = new Worker(`(${run.toString()})(...require('node:worker_threads').workerData)`, {
    eval: true,
    workerData: [path, longestWaitMs],
  });
  thread.unref();
  // Its user sees the error of a request; without a listener, one between requests would end the
  // process.
  thread.on('error', () => undefined);
  return thread;
}

/** For the writer, which is another connection. */
const longestWaitMs = 1_000;

/** Runs in the thread: has nothing of this module but its arguments. */
function run(file: string, busyTimeoutMs: number): void {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const database = new DatabaseSync(file);
  // As the connections of the main thread: with it, SQLite syncs the log before it is copied.
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  parentPort?.on('message', (mode: string | null) => {
    if (mode === null) {
      database.close();
      parentPort.close();
      return;
    }
    try {
      const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
      parentPort.postMessage({ framesInLog: Number(row?.['log']) });
    } catch (error) {
      parentPort.postMessage({ error: String(error) });
    }
  });
}
