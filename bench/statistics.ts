/** The figures of several measurements of the same. */
import { loadavg } from 'node:os';

/** The middle of the values; of an even number the upper middle. Throws on none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The value that a share of all values does not exceed. Example: `percentile(times, 0.99)`. Throws
 * on none.
 */
export function percentile(values: readonly number[], share: number): number {
  const inOrder = values.toSorted((one, other) => one - other);
  const value = inOrder[Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))];
  if (value === undefined) throw new Error('percentile of nothing');
  return value;
}

/** What a figure of several runs is printed with: median, least, most, runs, and the load now. */
export interface Spread {
  value: number;
  min: number;
  max: number;
  runs: number;
  /** The machine's load average of the last minute. */
  load: number;
  [detail: string]: number;
}

/** Example: `spread([3, 1, 2])` → `{ value: 2, min: 1, max: 3, runs: 3, load: 0.4 }`. */
export function spread(values: readonly number[]): Spread {
  return {
    value: median(values),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
    runs: values.length,
    load: rounded(loadavg()[0] ?? 0, 1),
  };
}

/** Each value divided by the other of the same run. Throws where their numbers differ. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  if (values.length !== others.length) throw new Error('ratios of unequal numbers of runs');
  return values.map((value, at) => value / (others[at] ?? Number.NaN));
}

/** Example: `rounded(1.23456)` → 1.235. */
export function rounded(value: number, decimals = 3): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
