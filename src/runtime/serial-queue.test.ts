import { setImmediate as afterEvents } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KeyedQueue, OneEachTurn, SerialQueue } from './serial-queue.ts';

/** Work that records its begin and end, and ends when the gate opens. */
function journal() {
  const log: string[] = [];
  const work =
    (name: string, gate: Promise<void> = Promise.resolve()) =>
    async () => {
      log.push(`${name} begins`);
      await gate;
      log.push(`${name} ends`);
      return name;
    };
  return { log, work };
}

test('work runs in the order of its submission, each after the previous one has ended', async () => {
  const queue = new SerialQueue();
  const { log, work } = journal();
  const gate = Promise.withResolvers<void>();
  const results = ['a', 'b', 'c'].map((name) => queue.run(work(name, gate.promise)));
  gate.resolve();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test('an error reaches only its caller: the next work runs, also after a synchronous throw', async () => {
  const queue = new SerialQueue();
  const failing = queue.run(() => Promise.reject(new Error('no')));
  const throwing = queue.run(() => {
    throw new Error('at once');
  });
  const next = queue.run(async () => 'done');
  await expect(failing).rejects.toThrow('no');
  await expect(throwing).rejects.toThrow('at once');
  expect(await next).toBe('done');
});

test('work with a common key runs one at a time, all other work concurrently', async () => {
  const queue = new KeyedQueue();
  const { log, work } = journal();
  const gate = Promise.withResolvers<void>();
  const first = queue.run(['a', 'b'], work('first', gate.promise));
  const failing = queue.run(['b'], () => Promise.reject(new Error('no')));
  const third = queue.run(['b', 'c'], work('third'));
  await queue.run('d', work('apart'));
  expect(log).toEqual(['first begins', 'apart begins', 'apart ends']);
  expect(queue.busyKeys().sort()).toEqual(['a', 'b', 'c']);
  gate.resolve();
  await expect(failing).rejects.toThrow('no');
  await Promise.all([first, third]);
  expect(log.slice(3)).toEqual(['first ends', 'third begins', 'third ends']);
  expect(queue.busyKeys()).toEqual([]);
});

test('a key that is named twice does not block itself', async () => {
  expect(await new KeyedQueue().run(['a', 'a'], async () => 'done')).toBe('done');
});

test('a turn lasts until it is ended', async () => {
  const queue = new SerialQueue();
  const { log, work } = journal();
  const end = await queue.take();
  const next = queue.run(work('next'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual([]);
  end();
  expect(await next).toBe('next');
});

test('drained resolves once nothing waits or runs, including work added during the wait', async () => {
  const queue = new KeyedQueue();
  await queue.drained();
  const { log, work } = journal();
  const gate = Promise.withResolvers<void>();
  const failing = queue.run('a', () => gate.promise.then(() => Promise.reject(new Error('no'))));
  let isDrained = false;
  const drained = queue.drained().then(() => {
    isDrained = true;
  });
  const added = queue.run('b', work('added', gate.promise));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDrained).toBe(false);
  gate.resolve();
  await expect(failing).rejects.toThrow('no');
  await drained;
  expect(log).toEqual(['added begins', 'added ends']);
  await added;
});

test('of many callers one continues in each turn, in the order of arrival', async () => {
  const turns: (() => void)[] = [];
  const each = new OneEachTurn(() => new Promise<void>((resolve) => void turns.push(resolve)));
  const seen: number[] = [];
  const callers = [1, 2, 3].map(async (caller) => {
    await each.turn();
    seen.push(caller);
  });
  const counts: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    await afterEvents();
    counts.push(seen.length);
    turns.shift()?.();
  }
  await Promise.all(callers);
  expect([counts, seen]).toEqual([
    [1, 2, 3, 3],
    [1, 2, 3],
  ]);
  await each.turn();
});
