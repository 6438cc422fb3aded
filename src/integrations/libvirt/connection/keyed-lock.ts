/** Work on one thing at a time, by the thing's name. */

/** Runs one after the other whatever shares a key; all else at once. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Waits for everybody before us on any of these keys. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.map((key) => this.#last.get(key) ?? Promise.resolve());
    const done = Promise.all(before).then(work);
    const quiet = done.catch(() => undefined);
    for (const key of keys) this.#last.set(key, quiet);
    try {
      return await done;
    } finally {
      for (const key of keys) if (this.#last.get(key) === quiet) this.#last.delete(key);
    }
  }
}
