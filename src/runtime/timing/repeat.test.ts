import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { repeat } from './repeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that ends on demand. */
function slowWork() {
  const ends: PromiseWithResolvers<void>[] = [];
  const act = () => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  };
  return { act, count: () => ends.length, last: () => ends.at(-1)! };
}

test('it is called at its pace, and not before', async () => {
  const { act, count, last } = slowWork();
  const work = repeat(act, 1_000, () => undefined);
  await vi.advanceTimersByTimeAsync(999);
  expect(count()).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(count()).toBe(1);
  last().resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(count()).toBe(2);
  last().resolve();
  await work.stop();
});

test('a call that takes longer than the pace is not joined by another', async () => {
  const { act, count, last } = slowWork();
  const work = repeat(act, 1_000, () => undefined);
  await vi.advanceTimersByTimeAsync(3_500);
  expect(count()).toBe(1);
  last().resolve();
  await vi.advanceTimersByTimeAsync(500);
  expect(count()).toBe(2);
  last().resolve();
  await work.stop();
});

test('an error is reported, and the next call follows', async () => {
  const { act, count, last } = slowWork();
  const errors: unknown[] = [];
  const work = repeat(act, 1_000, (error) => errors.push(error));
  await vi.advanceTimersByTimeAsync(1_000);
  last().reject('away');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(errors).toEqual(['away']);
  expect(count()).toBe(2);
  last().resolve();
  await work.stop();
});

test('stopped, it waits for the call in progress, and begins none', async () => {
  const { act, count, last } = slowWork();
  const work = repeat(act, 1_000, () => undefined);
  await vi.advanceTimersByTimeAsync(1_000);
  let isStopped = false;
  const stopping = work.stop().then(() => {
    isStopped = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(isStopped).toBe(false);
  last().resolve();
  await stopping;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(count()).toBe(1);
});
