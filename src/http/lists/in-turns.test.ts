import { expect, test } from 'vitest';
import { filterInTurns, runInTurns } from './in-turns.ts';

test('filtering keeps the order of the elements that pass', async () => {
  expect(await filterInTurns([3, 1, 2, 4], (item) => item > 1)).toEqual([3, 2, 4]);
});

test('filtering lets other work run before a slow filter ends', async () => {
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

test('running returns what the steps make, and lets other work run between slow ones', async () => {
  let others = 0;
  const seen: number[] = [];
  function* steps() {
    for (let step = 0; step < 3; step += 1) {
      seen.push(others);
      setImmediate(() => (others += 1));
      const end = performance.now() + 12;
      while (performance.now() < end);
      yield;
    }
    return 'made';
  }
  expect(await runInTurns(steps())).toBe('made');
  expect(seen).toEqual([0, 1, 2]);
});
