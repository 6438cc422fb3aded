/**
 * Copies the write-ahead log into the database's file beside the thread that serves requests: a
 * checkpoint takes some ten milliseconds, most of them a wait for the disk.
 */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { errorText } from '#core/errors.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import {
  type Checkpointed,
  type CheckpointMode,
  startCheckpointThread,
} from './checkpoint-thread.ts';

/** About as many as SQLite's own 1,000 pages: a commit of a step writes 5 to 10. */
const commitsPerCheckpoint = 150;

/** For commits of many rows, as of the devices of a host. */
const rowsPerCheckpoint = 3_000;

/**
 * A log of this many pages (32 MiB) is begun again even if writers have to wait a moment: under a
 * steady load it would grow without end. Source: sqlite.org/wal.html, "Avoiding Excessively Large
 * WAL Files".
 */
const longestLog = 8_192;

/**
 * SQLite's own checkpoint, in the middle of a commit, remains for what is beyond this many pages,
 * as when this thread cannot run.
 */
export const ownCheckpointPages = 2 * longestLog;

/**
 * Checkpoints after every so many commits or rows, and on request. A failed one is tried again
 * later.
 */
export class Checkpoints {
  readonly #path: string;
  readonly #requests = new SerialQueue();
  #thread: Worker | undefined;
  #commits = 0;
  #rows = 0;
  #isClosed = false;
  #isRunning = false;
  #mode: CheckpointMode = 'passive';

  /** `path`: the database's file. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Call after each commit that wrote something, with the number of its rows. */
  written(rows: number): void {
    this.#commits += 1;
    this.#rows += rows;
    if (this.#isDue && !this.#isRunning) void this.#keepUp();
  }

  /**
   * Empties the log's file: it holds no older state of a row any more. Throws while another process
   * reads it.
   */
  dropLog(): Promise<void> {
    return this.#run('truncate');
  }

  /** Ends the thread; its connection is closed, and none is opened any more. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#requests.run(async () => {
      const thread = this.#thread;
      if (thread === undefined) return;
      this.#thread = undefined;
      thread.ref();
      thread.postMessage(null);
      await once(thread, 'exit');
    });
  }

  get #isDue(): boolean {
    const isMuch = this.#commits >= commitsPerCheckpoint || this.#rows >= rowsPerCheckpoint;
    return isMuch && !this.#isClosed;
  }

  async #keepUp(): Promise<void> {
    this.#isRunning = true;
    while (this.#isDue) {
      this.#commits = 0;
      this.#rows = 0;
      await this.#run(this.#mode).catch((error: unknown) => reportFailure(this.#path, error));
    }
    this.#isRunning = false;
  }

  #run(mode: CheckpointMode): Promise<void> {
    return this.#requests.run(async () => {
      if (this.#isClosed) return;
      this.#thread ??= startCheckpointThread(this.#path);
      const thread = this.#thread;
      let isBusy = false;
      try {
        const answer = once(thread, 'message');
        thread.postMessage(mode);
        const [checkpointed] = (await answer) as [Checkpointed];
        if ('error' in checkpointed) throw new Error(checkpointed.error);
        this.#mode = checkpointed.framesInLog > longestLog ? 'restart' : 'passive';
        isBusy = checkpointed.isBusy;
      } catch (error) {
        // A new thread is started for the next one.
        this.#thread = undefined;
        await thread.terminate();
        throw error;
      }
      if (isBusy && mode === 'truncate') throw new Error('another process reads the log');
    });
  }
}

function reportFailure(path: string, error: unknown): void {
  const why = errorText(error);
  process.emitWarning(`database ${path}: a checkpoint failed, and will be tried again: ${why}`);
}
