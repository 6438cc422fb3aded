import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import { repeatCheck } from './repeated-check.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const paceMs = () => 30_000;

test('a host that counts its changes has no timer until it changes, and is then checked once', async () => {
  const changes = new ChangeCounter();
  const check = vi.fn(async () => {});
  const end = repeatCheck({ changes }, { check, paceMs, since: 0, failed: vi.fn() });
  expect(vi.getTimerCount()).toBe(0);
  changes.add();
  await vi.advanceTimersByTimeAsync(29_000);
  expect(check).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(check).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(60_000);
  changes.add();
  // Its last check was long ago.
  await vi.advanceTimersByTimeAsync(5_000);
  expect(check).toHaveBeenCalledTimes(2);
  end();
  changes.add();
  expect(vi.getTimerCount()).toBe(0);
});

test('a check that fails, or changes the host itself, is repeated', async () => {
  const changes = new ChangeCounter();
  const failed = vi.fn();
  const check = vi.fn(async () => {});
  check.mockRejectedValueOnce(new Error('not now'));
  check.mockImplementationOnce(async () => changes.add());
  repeatCheck({ changes }, { check, paceMs, failed });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(failed).toHaveBeenCalledWith(new Error('not now'));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(check).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(check).toHaveBeenCalledTimes(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('a check that has not ended when the next one is due is not run twice at a time', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = vi.fn(() => promise);
  const end = repeatCheck({}, { check, paceMs, failed: vi.fn() });
  await vi.advanceTimersByTimeAsync(90_000);
  expect(check).toHaveBeenCalledTimes(1);
  resolve();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(check).toHaveBeenCalledTimes(2);
  end();
});

test('where changes are unknown the host is always checked, each check with a timer of its own', async () => {
  let pace = 30_000;
  const check = vi.fn(async () => {});
  const end = repeatCheck({}, { check, paceMs: () => pace, failed: vi.fn() });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(check).toHaveBeenCalledTimes(2);
  pace = 5_000;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(check).toHaveBeenCalledTimes(4);
  end();
  expect(vi.getTimerCount()).toBe(0);
});
