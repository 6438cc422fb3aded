/**
 * How long to wait before a try is made again: ever longer, so that who is in trouble gets rest.
 */

/** In milliseconds. */
export interface Backoff {
  firstMs: number;
  longestMs: number;
}

/**
 * The pause after so many failures, the first of which is number 0: it doubles from failure to
 * failure, up to the longest. Example: `{ firstMs: 500, longestMs: 30_000 }` → 500, 1000, 2000 …
 * ms.
 */
export function backoffMs({ firstMs, longestMs }: Backoff, failures: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, failures));
}
