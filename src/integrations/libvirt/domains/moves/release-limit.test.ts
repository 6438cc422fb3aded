import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReleaseLimit } from './release-limit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const none = { total: 0, processed: 0, remaining: 0 };
const disksSent = { total: 9, processed: 9, remaining: 0 };

/** The limit of a guest that is `progress` on its way, and whether its sending was ended. */
function limited(progress: () => MoveProgress | null) {
  const ended: string[] = [];
  const sending = {
    progress: () => Promise.resolve(progress()),
    end: (id: string) => Promise.resolve(void ended.push(id)),
  };
  return { ended, limit: new ReleaseLimit(sending, 'guest-1', 60_000) };
}

const waiting = { memory: none, disk: disksSent };
const sending = { memory: { total: 100, processed: 1, remaining: 99 }, disk: disksSent };

test('a guest whose memory is not sent when the time is over is not sent at all', async () => {
  const { limit, ended } = limited(() => waiting);
  await vi.advanceTimersByTimeAsync(100_000);
  // Its disks took that long.
  limit.begin();
  await vi.advanceTimersByTimeAsync(59_000);
  limit.begin();
  expect([ended, limit.isMissed]).toEqual([[], false]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ended, limit.isMissed]).toEqual([['guest-1'], true]);
});

test('a guest that has released them is sent for as long as that takes', async () => {
  for (const progress of [sending, null]) {
    const { limit, ended } = limited(() => progress);
    limit.begin();
    await vi.advanceTimersByTimeAsync(500_000);
    expect([ended, limit.isMissed]).toEqual([[], false]);
  }
});

test('one that has arrived in time is left alone', async () => {
  const { limit, ended } = limited(() => waiting);
  limit.begin();
  limit.end();
  await vi.advanceTimersByTimeAsync(500_000);
  expect(ended).toEqual([]);
});

test('where its progress cannot be read, it is read again', async () => {
  let reads = 0;
  const { limit, ended } = limited(() => {
    reads += 1;
    if (reads < 3) throw new Error('libvirt is busy');
    return waiting;
  });
  limit.begin();
  await vi.advanceTimersByTimeAsync(60_000 + 2 * 5_000);
  expect([reads, ended]).toEqual([3, ['guest-1']]);
});
