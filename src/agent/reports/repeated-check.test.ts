import { afterEach, expect, test, vi } from 'vitest';
import { repeatEvery, unlessUnchanged } from './repeated-check.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a check is left out until the host has changed since the last one', async () => {
  let state = 1;
  const check = vi.fn(async () => {});
  const run = unlessUnchanged({ changes: () => state }, 1, check);
  await run();
  expect(check).not.toHaveBeenCalled();
  state = 2;
  await run();
  await run();
  expect(check).toHaveBeenCalledTimes(1);
});

test('a check that fails, or changes the host itself, is repeated', async () => {
  let state = 1;
  const check = vi.fn(async () => {});
  const run = unlessUnchanged({ changes: () => state }, undefined, check);
  check.mockRejectedValueOnce(new Error('not now'));
  await expect(run()).rejects.toThrow('not now');
  check.mockImplementationOnce(async () => void (state += 1));
  await run();
  await run();
  await run();
  expect(check).toHaveBeenCalledTimes(3);
});

test('where changes are unknown the host is always checked, each check with a timer of its own', async () => {
  vi.useFakeTimers();
  const check = vi.fn(async () => {});
  const run = unlessUnchanged({}, undefined, check);
  const end = repeatEvery({}, 1_000, () => void run());
  vi.advanceTimersByTime(2_000);
  expect(check).toHaveBeenCalledTimes(2);
  end();
  expect(vi.getTimerCount()).toBe(0);
});
