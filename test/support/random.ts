/** Numbers that look random and are the same for the same seed. */

/** Numbers from 0 to below 1. Source: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`, both included. */
export function between(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** One of these. Throws on none. */
export function oneOf<T>(random: () => number, all: readonly T[]): T {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new Error('one of nothing');
  return one;
}

/** One of the names, each as often as its weight. Example: `{ boot: 3, delete: 1 }`. */
export function weighted<Name extends string>(
  random: () => number,
  weights: Readonly<Record<Name, number>>,
): Name {
  const all = Object.entries(weights) as [Name, number][];
  let left = random() * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of all) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error('no weight is above 0');
}
