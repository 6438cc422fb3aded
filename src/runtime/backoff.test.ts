import { expect, test } from 'vitest';
import { backoffMs, retryPauseMs } from './backoff.ts';

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

test('a factor other than 2', () => {
  const schedule = { firstMs: 10, longestMs: 100, factor: 1.5 };
  expect([0, 1, 2, 9].map((failures) => backoffMs(schedule, failures))).toEqual([
    10, 15, 22.5, 100,
  ]);
});

test('retries end: after the last there is no pause', () => {
  const retries = { most: 2, firstMs: 200, longestMs: 1_000, factor: 5 };
  expect([0, 1, 2, 3].map((failures) => retryPauseMs(retries, failures))).toEqual([
    200,
    1_000,
    undefined,
    undefined,
  ]);
});
