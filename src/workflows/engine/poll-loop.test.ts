import { expect, test } from 'vitest';
import { inProcessWakeup } from '#programs/up/in-process-wakeup.ts';
import { silentLog } from '#test/silent-log.ts';
import { pollLoop } from './poll-loop.ts';

const parts = { wakeup: inProcessWakeup(), log: silentLog };
const options = { topic: 'tasks', pollMs: 60_000, failing: 'no look' } as const;

/** A poll that ends on demand, and the number of polls so far. */
function slowLook() {
  const ends: ((error?: Error) => void)[] = [];
  const look = () =>
    new Promise<void>((resolve, reject) =>
      ends.push((error) => (error === undefined ? resolve() : reject(error))),
    );
  return { look, count: () => ends.length, end: (error?: Error) => ends.at(-1)?.(error) };
}

test('it polls at once, and once more for all wake-ups during a poll; never twice at a time', async () => {
  const { look, count, end } = slowLook();
  const loop = pollLoop(parts, options, look);
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
  const { look, count, end } = slowLook();
  const loop = pollLoop(parts, options, look);
  end(new Error('away'));
  loop.wake();
  await expect.poll(count).toBe(2);
  end();
  await loop.stop();
});

test('stopped, it waits for the running poll, and begins no other', async () => {
  const { look, count, end } = slowLook();
  const loop = pollLoop(parts, options, look);
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
