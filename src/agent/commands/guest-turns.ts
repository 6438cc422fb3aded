/** Acts on guests: of one guest one after the other, of different guests side by side. */

export class GuestTurns {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #observers = new Set<Set<string>>();

  /** Runs the act when all earlier ones of this guest have ended. The act must not throw. */
  take(guestId: string, act: () => Promise<void>): void {
    for (const seen of this.#observers) seen.add(guestId);
    const mine = (this.#tails.get(guestId) ?? Promise.resolve()).then(act);
    this.#tails.set(guestId, mine);
    void mine.finally(() => {
      if (this.#tails.get(guestId) === mine) this.#tails.delete(guestId);
    });
  }

  /**
   * From now on until the returned function is called: the guests that were acted on meanwhile, by
   * id.
   */
  observe(): () => string[] {
    const seen = new Set(this.#tails.keys());
    this.#observers.add(seen);
    return () => {
      this.#observers.delete(seen);
      return [...seen];
    };
  }

  /** Settles when every act that was given has ended. */
  async ended(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
