/** Requests of many callers, handled together where they meet. */

/** Returns one result for each item, in the order of the items. */
export type BatchWork<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

export interface BatchLimits<Item> {
  /** How many items `work` gets in one call, or how much they weigh together. */
  atMost: number;
  /** What counts of an item; absent: 1. A single item may weigh more than a call may have. */
  weigh?: (item: Item) => number;
}

interface Entry<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Runs `work` on the item of a first caller at the end of its turn, and on what other callers bring
 * in the meantime when that has ended: alone a caller waits for nobody, and many share one
 * statement or transaction. Example: with 100 callers at once, `work` runs once, on 100 items.
 */
export class Batches<Item, Result> {
  readonly #work: BatchWork<Item, Result>;
  readonly #limits: BatchLimits<Item>;
  #waiting: Entry<Item, Result>[] = [];
  #isRunning = false;

  constructor(work: BatchWork<Item, Result>, limits: BatchLimits<Item>) {
    this.#work = work;
    this.#limits = limits;
  }

  /**
   * The result for this item. A failure of several items together is not theirs: each is tried
   * again alone, and its caller gets its own result or error.
   */
  run(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      queueMicrotask(() => void this.#drain());
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#countOfNext());
      if (!(await this.#handle(batch, batch.length > 1))) {
        for (const entry of batch) await this.#handle([entry], false);
      }
    }
    this.#isRunning = false;
  }

  #countOfNext(): number {
    const { atMost, weigh = () => 1 } = this.#limits;
    let weight = 0;
    const tooMany = this.#waiting.findIndex(({ item }) => (weight += weigh(item)) > atMost);
    return tooMany === -1 ? this.#waiting.length : Math.max(tooMany, 1);
  }

  /** False when it failed and nobody has been answered. */
  async #handle(batch: readonly Entry<Item, Result>[], mayRetry: boolean): Promise<boolean> {
    try {
      const results = await this.#work(batch.map(({ item }) => item));
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
      return true;
    } catch (error) {
      if (mayRetry) return false;
      for (const { reject } of batch) reject(error);
      return true;
    }
  }
}
