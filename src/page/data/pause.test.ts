import { expect, test, vi } from 'vitest';
import { pause, repeater, seen } from './pause.ts';

/** How many listeners a target has. */
function counted(target: EventTarget): () => number {
  const added = vi.spyOn(target, 'addEventListener');
  const removed = vi.spyOn(target, 'removeEventListener');
  return () => added.mock.calls.length - removed.mock.calls.length;
}

test('a signal has no listener of a pause that has ended', async () => {
  const { signal } = new AbortController();
  const listeners = counted(signal);
  for (let at = 0; at < 3; at += 1) {
    const paused = pause(1, signal);
    expect(listeners()).toBe(1);
    await paused;
    expect(listeners()).toBe(0);
  }
});

test('an abort ends a pause', async () => {
  const ended = new AbortController();
  const paused = pause(1_000_000, ended.signal);
  ended.abort();
  await paused;
  await pause(1_000_000, ended.signal);
});

test('a hidden page waits until it is seen, or its signal aborts', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  vi.stubGlobal('document', page);
  const ended = new AbortController();
  const listeners = [counted(page), counted(ended.signal)];
  const first = seen(ended.signal);
  expect(listeners.map((count) => count())).toEqual([1, 1]);
  page.dispatchEvent(new Event('visibilitychange'));
  await first;
  const second = seen(ended.signal);
  ended.abort();
  await second;
  expect(listeners.map((count) => count())).toEqual([0, 0]);
  vi.unstubAllGlobals();
});

test('an act is repeated after a pause, one at a time, however often it is requested', async () => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const ended = new AbortController();
  const begun: number[] = [];
  const again = repeater(async () => {
    begun.push(performance.now());
    await pause(50, ended.signal);
  }, ended.signal);
  const requests = async (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 10) {
      again();
      await vi.advanceTimersByTimeAsync(10);
    }
  };
  await requests(600);
  expect(begun).toEqual([0, 250, 500]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begun).toEqual([0, 250, 500, 750]);
  again();
  expect(begun).toHaveLength(5);
  ended.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  again();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begun).toHaveLength(5);
  vi.useRealTimers();
});
