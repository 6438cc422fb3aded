import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test.each([
  [-1, 500],
  [0, 500],
  [1, 1_000],
  [2, 2_000],
  [5, 16_000],
  [6, 30_000],
  [7, 30_000],
  [100_000, 30_000],
])('after %i failures: %i ms', (failures, pauseMs) => {
  expect(backoffMs({ firstMs: 500, longestMs: 30_000 }, failures)).toBe(pauseMs);
});
