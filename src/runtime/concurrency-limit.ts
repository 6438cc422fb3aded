/** Limits how much work runs concurrently. */

/** Example: `new ConcurrencyLimit(3)` runs three, and starts the fourth when one of them ends. */
export class ConcurrencyLimit {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many have not started. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs the work in order of arrival, and returns or throws its outcome. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#most) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The slot is handed over, so that no newcomer is served before one who waits.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
