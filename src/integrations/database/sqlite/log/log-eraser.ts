/** Drops the write-ahead log some seconds after an erasure, once for all erasures until then. */

/** How long the write-ahead log may hold what was erased from the rows. */
const logKeptMs = 10_000;

export class LogEraser {
  readonly #dropLog: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** `dropLog`: undefined for a database without a log of its own. */
  constructor(dropLog: (() => Promise<void>) | undefined) {
    this.#dropLog = dropLog;
  }

  /** Call after an erasure. */
  erased(): void {
    const dropLog = this.#dropLog;
    if (this.#isStopped || dropLog === undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // As while a backup reads the log.
      dropLog().catch(() => this.erased());
    }, logKeptMs).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
