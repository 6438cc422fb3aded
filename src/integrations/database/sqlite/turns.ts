/** A queue for what only one may have at a time. */
export class Turns {
  #tail: Promise<void> = Promise.resolve();

  /** Resolves when all before have ended theirs, with the function that ends this one. */
  async take(): Promise<() => void> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await before;
    return resolve;
  }
}
