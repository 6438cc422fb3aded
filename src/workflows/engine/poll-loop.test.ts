import { afterEach, expect, test, vi } from 'vitest';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { recordedLog } from '#test/recorded-log.ts';
import { silentLog } from '#test/silent-log.ts';
import { pollLoop } from './poll-loop.ts';

const parts = { wakeup: inProcessWakeup(), log: silentLog };
const options = { topic: 'tasks', pollMs: 60_000, failing: 'no look' } as const;

afterEach(() => void vi.useRealTimers());

/** A poll that ends on demand, and the number of polls so far. */
function slowPoll() {
  const ends: ((error?: Error) => void)[] = [];
  const check = () =>
    new Promise<void>((resolve, reject) =>
      ends.push((error) => (error === undefined ? resolve() : reject(error))),
    );
  return { check, count: () => ends.length, end: (error?: Error) => ends.at(-1)?.(error) };
}

test('it polls at once, and once more for all wake-ups during a poll; never twice at a time', async () => {
  const { check, count, end } = slowPoll();
  const loop = pollLoop(parts, options, check);
  loop.wake();
  parts.wakeup.notify('tasks');
  await Promise.resolve();
  expect(count()).toBe(1);
  end();
  await expect.poll(count).toBe(2);
  end();
  await loop.stop();
  expect(count()).toBe(2);
});

test('a poll that fails is repeated at the next wake-up', async () => {
  const { check, count, end } = slowPoll();
  const loop = pollLoop(parts, options, check);
  end(new Error('away'));
  loop.wake();
  await expect.poll(count).toBe(2);
  end();
  await loop.stop();
});

test('stopped, it waits for the running poll, and begins no other', async () => {
  const { check, count, end } = slowPoll();
  const loop = pollLoop(parts, options, check);
  let isStopped = false;
  const stopping = loop.stop().then(() => {
    isStopped = true;
  });
  loop.wake();
  await Promise.resolve();
  expect(isStopped).toBe(false);
  end();
  await stopping;
  loop.wake();
  parts.wakeup.notify('tasks');
  await Promise.resolve();
  expect(count()).toBe(1);
});

test('a poll that fails is logged', async () => {
  const log = recordedLog();
  const error = vi.spyOn(log, 'error');
  const away = new Error('away');
  const loop = pollLoop({ ...parts, log }, options, () => Promise.reject(away));
  await loop.stop();
  expect(error.mock.calls).toEqual([[{ err: away }, 'no look']]);
});

test('it polls at its pace, for what no wake-up reported, until it is stopped', async () => {
  vi.useFakeTimers();
  const poll = vi.fn<() => Promise<void>>(async () => undefined);
  const loop = pollLoop(parts, options, poll);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(poll).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(poll).toHaveBeenCalledTimes(2);
  await loop.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('stopped, it no longer listens', async () => {
  const unlisten = vi.fn<() => void>();
  const listened: string[] = [];
  const wakeup = {
    notify: () => undefined,
    listen: (topic: string) => {
      listened.push(topic);
      return unlisten;
    },
  };
  const loop = pollLoop({ ...parts, wakeup }, options, async () => undefined);
  expect([listened, unlisten.mock.calls]).toEqual([['tasks'], []]);
  await loop.stop();
  expect(unlisten).toHaveBeenCalledOnce();
});
