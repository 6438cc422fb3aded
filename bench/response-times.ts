/** How long requests take at their client, one at a time and several in flight. */
import { loadavg } from 'node:os';
import { type Timed, atOnce } from './at-once.ts';
import { printFigure } from './figure.ts';
import { percentile, rounded } from './statistics.ts';

const ways = [
  { inFlight: 1, count: 200 },
  { inFlight: 4, count: 400 },
] as const;

/** Prints `GROUP.response_ms`, the median with the p99, and `GROUP.requests_per_s`, for each way. */
export async function printResponseTimes(
  group: string,
  details: Record<string, string>,
  request: () => Promise<unknown>,
): Promise<void> {
  for (const { inFlight, count } of ways) {
    const timed = await atOnce(
      Array.from({ length: count }, (_, at) => at),
      inFlight,
      request,
    );
    printTimes(`${group}.response_ms`, timed, { ...details, in_flight: inFlight });
    printFigure({
      figure: `${group}.requests_per_s`,
      value: count / timed.seconds,
      unit: 'requests/s',
      ...details,
      in_flight: inFlight,
    });
  }
}

/** Prints the median of these durations, with their p99 and the longest. */
export function printTimes(
  figure: string,
  { times }: Pick<Timed<unknown>, 'times'>,
  details: Record<string, string | number>,
): void {
  printFigure({
    figure,
    value: percentile(times, 0.5),
    unit: 'ms',
    p99: rounded(percentile(times, 0.99)),
    max: rounded(Math.max(...times)),
    requests: times.length,
    load: rounded(loadavg()[0] ?? 0, 1),
    ...details,
  });
}
