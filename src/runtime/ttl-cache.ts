/** A cache whose answers expire. */

export interface TtlCacheOptions {
  /** Epoch milliseconds. */
  now: () => number;
  /** How long an answer is valid, in milliseconds. */
  ttlMs: number;
  /** When full, the oldest is dropped for a newer one: keys come from users. */
  mostEntries: number;
}

interface Entry<Answer> {
  until: number;
  answer: Promise<Answer>;
}

/**
 * An answer within its lifetime is not read again, and concurrent requests share one read. Failures
 * are not cached.
 */
export class TtlCache<Answer> {
  readonly #options: TtlCacheOptions;
  readonly #entries = new Map<string, Entry<Answer>>();

  constructor(options: TtlCacheOptions) {
    this.#options = options;
  }

  /**
   * The cached answer for this key, or what `read` returns. `isDoubted`: it is read again at any
   * age.
   */
  get(key: string, read: () => Promise<Answer>, isDoubted = false): Promise<Answer> {
    const { now, ttlMs, mostEntries } = this.#options;
    const found = this.#entries.get(key);
    if (found !== undefined && !isDoubted && now() < found.until) return found.answer;
    const entry = { until: now() + ttlMs, answer: read() };
    // Appended last, so that the first is always the oldest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostEntries && oldest !== undefined) this.#entries.delete(oldest);
    entry.answer.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.answer;
  }

  /** The answer for this key is read again at the next request. */
  drop(key: string): void {
    this.#entries.delete(key);
  }
}
