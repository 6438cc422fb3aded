/** Whether something that is sampled again and again grows. */
import { median } from './statistics.ts';

/** Medians of the first and the last third of the samples, and their difference as a share. */
export interface Growth {
  first: number;
  last: number;
  /** 0.1: the last third is 10 % above the first. */
  share: number;
}

/** The fewest samples whose thirds have a median that no single sample decides. */
export const fewestSamples = 15;

/** Throws on fewer than `fewestSamples`. */
export function growthOf(samples: readonly number[]): Growth {
  if (samples.length < fewestSamples) {
    throw new Error(`growth needs ${fewestSamples} samples, there are ${samples.length}`);
  }
  const third = Math.floor(samples.length / 3);
  const first = median(samples.slice(0, third));
  const last = median(samples.slice(-third));
  return { first, last, share: last / first - 1 };
}
