/**
 * How long to wait before a try is made again: ever longer, so that who is in trouble gets rest.
 */

/** In milliseconds. */
export interface Backoff {
  firstMs: number;
  longestMs: number;
  /** How much longer each pause is than the one before. Default: 2. */
  factor?: number;
}

/** Of what is given up after some tries. */
export interface Retries extends Backoff {
  /** How often a first try that failed is repeated. */
  most: number;
}

/**
 * The pause after so many failures, the first of which is number 0: it grows from failure to
 * failure, up to the longest. Example: `{ firstMs: 500, longestMs: 30_000 }` → 500, 1000, 2000 …
 * ms.
 */
export function backoffMs({ firstMs, longestMs, factor = 2 }: Backoff, failures: number): number {
  return Math.min(longestMs, firstMs * factor ** Math.max(0, failures));
}

/** The same in milliseconds, and undefined once there have been too many failures. */
export function retryPauseMs(retries: Retries, failures: number): number | undefined {
  return failures < retries.most ? backoffMs(retries, failures) : undefined;
}
