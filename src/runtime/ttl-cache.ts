/** Answers that are believed for a while. */

export interface TtlCacheOptions {
  /** Epoch milliseconds. */
  now: () => number;
  /** How long an answer is believed, in milliseconds. */
  ttlMs: number;
  /** The oldest is forgotten for a newer one: what is asked for comes from users. */
  mostEntries: number;
}

interface Entry<Answer> {
  until: number;
  answer: Promise<Answer>;
}

/**
 * What was read within the time is not read again, and two who ask at once cause one read. A
 * failure is not kept.
 */
export class TtlCache<Answer> {
  readonly #options: TtlCacheOptions;
  readonly #entries = new Map<string, Entry<Answer>>();

  constructor(options: TtlCacheOptions) {
    this.#options = options;
  }

  /**
   * The answer that is kept for this key, or what `read` returns. `isDoubted`: it is read again
   * however young it is.
   */
  get(key: string, read: () => Promise<Answer>, isDoubted = false): Promise<Answer> {
    const { now, ttlMs, mostEntries } = this.#options;
    const found = this.#entries.get(key);
    if (found !== undefined && !isDoubted && now() < found.until) return found.answer;
    const entry = { until: now() + ttlMs, answer: read() };
    // Behind the others, so that the first is always the oldest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostEntries && oldest !== undefined) this.#entries.delete(oldest);
    entry.answer.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.answer;
  }
}
