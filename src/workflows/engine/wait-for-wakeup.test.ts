import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { waitForWakeup } from './wait-for-wakeup.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A wait for the end of a workflow of server `s-1`. */
function wait() {
  const wakeup = inProcessWakeup();
  const stopped = vi.fn<() => void>();
  const listen = wakeup.listen.bind(wakeup);
  wakeup.listen = (...all) => {
    const unlisten = listen(...all);
    return () => {
      stopped();
      unlisten();
    };
  };
  let isOver = false;
  const { promise, stop } = waitForWakeup(wakeup, 'ended:s-1');
  void promise.then(() => {
    isOver = true;
  });
  return { wakeup, stop, stopped, isOver: () => isOver };
}

test.each([
  { name: 'its topic', given: 'ended:s-1', gives: true },
  { name: 'the same topic of another server', given: 'ended:s-2', gives: false },
] as const)('a wake-up of $name', async ({ given, gives }) => {
  const { wakeup, isOver, stop } = wait();
  wakeup.notify(given);
  await vi.advanceTimersByTimeAsync(0);
  expect(isOver()).toBe(gives);
  stop();
});

test('a lost wake-up is found after a quarter of a second', async () => {
  const { isOver, stop } = wait();
  await vi.advanceTimersByTimeAsync(249);
  expect(isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver()).toBe(true);
  stop();
});

test('stopped, it leaves neither a listener nor a timer', () => {
  const { stop, stopped } = wait();
  stop();
  expect(stopped).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
