/** Work that must not overlap: one after the other, in the order of arrival. */
import { setImmediate as afterEvents } from 'node:timers/promises';

/**
 * Work of one key in order, of different keys concurrently. Example: `queue.run('0000:01:10.0',
 * work)` starts `work` when all earlier work of that key has ended, successfully or not.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Resolves when all earlier work of any of these keys has ended, with the function that ends this
   * turn. For a turn that begins and ends in different functions; otherwise use `run`.
   */
  async take(keys: string | readonly string[]): Promise<() => void> {
    const names = typeof keys === 'string' ? [keys] : keys;
    const before = names.map((name) => this.#tails.get(name) ?? Promise.resolve());
    const { promise: mine, resolve } = Promise.withResolvers<void>();
    for (const name of names) this.#tails.set(name, mine);
    await Promise.all(before);
    return () => {
      for (const name of names) if (this.#tails.get(name) === mine) this.#tails.delete(name);
      resolve();
    };
  }

  /**
   * Runs the work in its turn and returns or throws its outcome. An error goes to its caller only:
   * the next work runs all the same.
   */
  async run<Result>(
    keys: string | readonly string[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    const end = await this.take(keys);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Keys with waiting or running work. */
  busyKeys(): string[] {
    return [...this.#tails.keys()];
  }

  /** Resolves when nothing waits or runs, including work added until then. */
  async drained(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}

const onlyKey = 'all';

/** A queue without keys. Example: `queue.run(work)`. */
export class SerialQueue {
  readonly #queue = new KeyedQueue();

  /** As `KeyedQueue.take`. */
  take(): Promise<() => void> {
    return this.#queue.take(onlyKey);
  }

  /** As `KeyedQueue.run`. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#queue.run(onlyKey, work);
  }

  /** As `KeyedQueue.drained`. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }
}

/**
 * Work that holds up the event loop while it runs, as reads of SQLite do: of all callers one
 * continues in each turn of the event loop, in the order of arrival, and none waits for another to
 * end. Example: `await longReads.turn()` before a read of 500 rows.
 */
export class OneEachTurn {
  readonly #afterEvents: () => Promise<unknown>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(afterEvents: () => Promise<unknown>) {
    this.#afterEvents = afterEvents;
  }

  /** At once where no other caller had this turn. */
  async turn(): Promise<void> {
    const mine = this.#last;
    this.#last = mine.then(this.#afterEvents);
    await mine;
  }
}

/** Of all long reads of this process. */
export const longReads = new OneEachTurn(() => afterEvents());
