import { expect, test } from 'vitest';
import { inProcessWakeup } from '#programs/up/in-process-wakeup.ts';
import { silentLog } from '#test/silent-log.ts';
import { keepLooking } from './keep-looking.ts';

const parts = { wakeup: inProcessWakeup(), log: silentLog };
const options = { topic: 'tasks', pollMs: 60_000, failing: 'no look' } as const;

/** A look that ends on demand, and the number of looks so far. */
function slowLook() {
  const ends: ((error?: Error) => void)[] = [];
  const look = () =>
    new Promise<void>((resolve, reject) =>
      ends.push((error) => (error === undefined ? resolve() : reject(error))),
    );
  return { look, count: () => ends.length, end: (error?: Error) => ends.at(-1)?.(error) };
}

test('it looks at once, and once more for all nudges that came meanwhile; never twice at a time', async () => {
  const { look, count, end } = slowLook();
  const looking = keepLooking(parts, options, look);
  looking.nudge();
  parts.wakeup.notify('tasks');
  await Promise.resolve();
  expect(count()).toBe(1);
  end();
  await expect.poll(count).toBe(2);
  end();
  await looking.stop();
  expect(count()).toBe(2);
});

test('a look that fails is made again at the next nudge', async () => {
  const { look, count, end } = slowLook();
  const looking = keepLooking(parts, options, look);
  end(new Error('away'));
  looking.nudge();
  await expect.poll(count).toBe(2);
  end();
  await looking.stop();
});

test('stopped, it waits for the look that is under way, and begins none', async () => {
  const { look, count, end } = slowLook();
  const looking = keepLooking(parts, options, look);
  let isStopped = false;
  const stopping = looking.stop().then(() => {
    isStopped = true;
  });
  looking.nudge();
  await Promise.resolve();
  expect(isStopped).toBe(false);
  end();
  await stopping;
  looking.nudge();
  parts.wakeup.notify('tasks');
  await Promise.resolve();
  expect(count()).toBe(1);
});
