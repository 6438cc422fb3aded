/** When a call is worth making again. Pure. */

/** What a proxy says when there is nobody behind it, and a service that is only starting. */
export const gatewayStatuses: readonly number[] = [502, 503, 504];

/** Longer than this nobody waits within one call. */
const longestWaitMs = 10_000;

/**
 * How long to wait before this call is made once more, in milliseconds; undefined: its answer
 * stands. 429 says that nothing was done, so any call may be repeated after it; after 500 and a
 * gateway's answer, only one that may be made twice. Example: 503 with `retry-after: 2` to a GET,
 * next pause 200 ms → 2000. Source: RFC 9110, "Retry-After"; only its seconds are read.
 */
export function waitAfter(
  answer: { status: number; header(name: string): string | undefined },
  { isRepeatable, pauseMs }: { isRepeatable: boolean; pauseMs: number | undefined },
): number | undefined {
  const { status } = answer;
  const isFailure = status === 500 || gatewayStatuses.includes(status);
  if (pauseMs === undefined || !(status === 429 || (isFailure && isRepeatable))) return undefined;
  const askedMs = (Number(answer.header('retry-after')) || 0) * 1_000;
  return askedMs > longestWaitMs ? undefined : Math.max(askedMs, pauseMs);
}
