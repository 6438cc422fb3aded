/**
 * Hosts that were linked before the controller stopped: work that waits for them continues when
 * they are back.
 */

/**
 * How long they are waited for: longer than the longest pause of an agent between connection
 * attempts.
 */
const graceMs = 5_000;

export class ReturningHosts {
  readonly #awaited: Set<string>;
  readonly #all = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;

  constructor(names: Iterable<string>) {
    this.#awaited = new Set(names);
    this.#timer = setTimeout(() => this.stop(), graceMs);
    if (this.#awaited.size === 0) this.stop();
  }

  /** This one has reported. */
  reported(name: string): void {
    this.#awaited.delete(name);
    if (this.#awaited.size === 0) this.stop();
  }

  /** Settles when all have reported, or the wait has timed out. */
  get settled(): Promise<void> {
    return this.#all.promise;
  }

  /** Stops waiting for them. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#all.resolve();
  }
}
