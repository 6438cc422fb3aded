/**
 * How much each of many may take over time: a bucket that holds one minute's share, and fills at
 * that rate.
 */

const minuteMs = 60_000;
/** More are forgotten, the longest unused first; they begin with a full bucket again. */
const mostRemembered = 10_000;

export class RateLimit {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** `now`: milliseconds that never go back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes `count` of `key`'s share. Returns 0, or after how many seconds it can be taken; then
   * nothing is taken. More than a minute's share at once needs a full bucket, and is paid off
   * afterwards. Example: `take('p1', { count: 3, perMinute: 60 })`.
   */
  take(key: string, { count, perMinute }: { count: number; perMinute: number }): number {
    const now = this.#now();
    const known = this.#buckets.get(key) ?? { left: perMinute, at: now };
    const gained = ((now - known.at) / minuteMs) * perMinute;
    const left = Math.min(perMinute, known.left + gained);
    const missing = Math.min(count, perMinute) - left;
    if (missing > 0) return Math.max(1, Math.ceil((missing / perMinute) * 60));
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left - count, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostRemembered && oldest !== undefined) this.#buckets.delete(oldest);
    return 0;
  }
}
