import { expect, test, vi } from 'vitest';
import { within } from './within.ts';

test('work in time has its result or its error', async () => {
  expect(await within(1_000, async () => 3)).toBe(3);
  await expect(within(1_000, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('work that takes too long is given up, and its late error is nobody’s', async () => {
  vi.useFakeTimers();
  try {
    const work = Promise.withResolvers<void>();
    let isGivenUp: () => boolean = () => false;
    const given = within(1_000, (signal) => {
      isGivenUp = () => signal.aborted;
      return work.promise;
    });
    const ended = Promise.allSettled([given]);
    await vi.advanceTimersByTimeAsync(999);
    expect(isGivenUp()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toEqual([
      { status: 'rejected', reason: new Error('it has not ended within 1000 ms') },
    ]);
    expect(isGivenUp()).toBe(true);
    work.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(1);
  } finally {
    vi.useRealTimers();
  }
});
