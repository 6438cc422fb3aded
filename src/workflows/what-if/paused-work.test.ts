import { expect, test } from 'vitest';
import { PausedWork } from './paused-work.ts';

test('other work runs once a slice is over, and only the slices count as spent', async () => {
  let now = 0;
  const work = new PausedWork(() => now);
  let others = 0;
  setImmediate(() => {
    others += 1;
    now += 1_000;
  });
  now = 9;
  await work.pause();
  expect(others).toBe(0);
  now = 11;
  await work.pause();
  expect(others).toBe(1);
  now += 5;
  expect(work.spentMs).toBe(16);
});
