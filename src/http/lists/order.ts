/** The order of a list by several of its items' values. */

/** By one value. `sign`: 1 for ascending, -1 for descending. */
export interface SortStep<Item> {
  read: (item: Item) => unknown;
  sign: 1 | -1;
}

/** Negative: `one` comes first. */
export type Order<Item> = (one: Item, other: Item) => number;

/**
 * By the first step in which two items differ; 0 where they differ in none. What has no value comes
 * before all others, as in Glance and Neutron. Example: `orderBy([{ read: ({ name }) => name, sign:
 * 1 }])`.
 */
export function orderBy<Item>(steps: readonly SortStep<Item>[]): Order<Item> {
  return (one, other) => {
    for (const { read, sign } of steps) {
      const order = compare(read(one), read(other));
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

/** Numbers by size, all else as text. */
function compare(one: unknown, other: unknown): number {
  const isNone = (value: unknown) => value === null || value === undefined;
  if (isNone(one) || isNone(other)) return Number(!isNone(one)) - Number(!isNone(other));
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [left, right] = [`${one as string | boolean}`, `${other as string | boolean}`];
  return Number(left > right) - Number(left < right);
}
