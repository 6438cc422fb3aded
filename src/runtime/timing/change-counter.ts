/** Counts the changes of something, so that nobody has to poll it. */
export class ChangeCounter {
  readonly #listeners = new Set<() => void>();
  #count = 0;

  /** Differs after each change. */
  get count(): number {
    return this.#count;
  }

  /** Something has changed. The listeners are called before this returns; they must not throw. */
  add(): void {
    this.#count += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Calls the listener at each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    // So that a function given twice is called twice, and each is ended alone.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
