/** When a call is worth retrying. Pure. */

/** Returned by a proxy without a backend, and by a service that is starting. */
export const gatewayStatuses: readonly number[] = [502, 503, 504];

/** The longest pause within one call. */
const longestWaitMs = 10_000;

/**
 * How long to wait before this call is retried, in milliseconds; undefined: do not retry. 429 means
 * that nothing was done, so any call may be retried; after 500 and gateway statuses, only a
 * repeatable one. Example: 503 with `retry-after: 2` to a GET, next pause 200 ms → 2000. Source:
 * RFC 9110, "Retry-After"; only its seconds are read.
 */
export function waitAfter(
  answer: { status: number; header(name: string): string | undefined },
  { isRepeatable, pauseMs }: { isRepeatable: boolean; pauseMs: number | undefined },
): number | undefined {
  const { status } = answer;
  const isFailure = status === 500 || gatewayStatuses.includes(status);
  if (pauseMs === undefined || !(status === 429 || (isFailure && isRepeatable))) return undefined;
  const requestedMs = (Number(answer.header('retry-after')) || 0) * 1_000;
  return requestedMs > longestWaitMs ? undefined : Math.max(requestedMs, pauseMs);
}
