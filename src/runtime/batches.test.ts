import { expect, test } from 'vitest';
import { Batches } from './batches.ts';

/** Doubles numbers; refuses odd ones, and all that come with them. */
function doubling(atMost = 10) {
  const calls: number[][] = [];
  const batches = new Batches<number, number>(
    async (items) => {
      calls.push([...items]);
      await Promise.resolve();
      if (items.some((item) => item % 2 === 1)) throw new Error(`odd: ${items.join()}`);
      return items.map((item) => item * 2);
    },
    { atMost },
  );
  return { batches, calls };
}

test('a caller alone is served at once, and callers of the same turn share one call', async () => {
  const { batches, calls } = doubling();
  expect(await batches.run(2)).toBe(4);
  expect(await Promise.all([2, 4, 6].map((item) => batches.run(item)))).toEqual([4, 8, 12]);
  expect(calls).toEqual([[2], [2, 4, 6]]);
});

test('what comes while a call runs is in the next one', async () => {
  const { batches, calls } = doubling();
  const first = batches.run(2);
  await Promise.resolve();
  await Promise.all([first, batches.run(4), batches.run(6)]);
  expect(calls).toEqual([[2], [4, 6]]);
});

test('one call has no more items than it may', async () => {
  const { batches, calls } = doubling(2);
  await Promise.all([2, 4, 6, 8, 10].map((item) => batches.run(item)));
  expect(calls).toEqual([[2, 4], [6, 8], [10]]);
});

test('one bad item fails alone', async () => {
  const { batches, calls } = doubling();
  const fates = await Promise.allSettled([2, 3, 4].map((item) => batches.run(item)));
  expect(fates).toMatchObject([{ value: 4 }, { reason: { message: 'odd: 3' } }, { value: 8 }]);
  expect(calls).toEqual([[2, 3, 4], [2], [3], [4]]);
  expect(await batches.run(2)).toBe(4);
});

test('items of different weight share a call up to its limit; a heavier one has its own', async () => {
  const calls: number[][] = [];
  const batches = new Batches<number, number>(
    async (items) => {
      calls.push([...items]);
      return items;
    },
    { atMost: 10, weigh: (item) => item },
  );
  await Promise.all([4, 6, 1, 30, 2].map((item) => batches.run(item)));
  expect(calls).toEqual([[4, 6], [1], [30], [2]]);
});
