import { expect, test } from 'vitest';
import { filterInTurns } from './in-turns.ts';

test('filtering: what passes keeps its order', async () => {
  expect(await filterInTurns([3, 1, 2, 4], (item) => item > 1)).toEqual([3, 2, 4]);
});

test('filtering: other work has its turn before a slow filter ends', async () => {
  let others = 0;
  const timer = setInterval(() => (others += 1), 1);
  const seen: number[] = [];
  await filterInTurns([1, 2, 3, 4], () => {
    const end = performance.now() + 12;
    while (performance.now() < end);
    seen.push(others);
    return true;
  });
  clearInterval(timer);
  expect(seen.at(-1)).toBeGreaterThan(0);
});
