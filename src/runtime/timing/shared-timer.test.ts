import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SharedTimer } from './shared-timer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('many acts share one timer, which ends with the last of them', () => {
  const timer = new SharedTimer(1_000);
  const calls: number[] = [];
  const ends = [1, 2, 3].map((at) => timer.add(() => calls.push(at)));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(999);
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(1_001);
  expect(calls).toEqual([1, 2, 3, 1, 2, 3]);
  for (const end of ends) end();
  expect(vi.getTimerCount()).toBe(0);
});

test('a function added twice is called twice, and each is ended alone', () => {
  const timer = new SharedTimer(1_000);
  const act = vi.fn();
  const end = timer.add(act);
  timer.add(act);
  end();
  end();
  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(1);
});

test('acts are spread over the time between two calls of one', () => {
  const timer = new SharedTimer(1_000, 4);
  const calls: number[] = [];
  for (const at of [0, 1, 2, 3, 4]) timer.add(() => calls.push(at));
  expect(vi.getTimerCount()).toBe(1);
  const seen = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    vi.advanceTimersByTime(250);
    return calls.splice(0).join(' ');
  });
  // Each for the first time when its entire pace has passed.
  expect(seen).toEqual(['', '', '', '3', '0 4', '1', '2', '3']);
});
