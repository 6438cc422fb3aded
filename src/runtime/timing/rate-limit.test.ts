import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

function aLimit() {
  const clock = { now: 5_000 };
  const limit = new RateLimit(() => clock.now);
  const take = (count = 1, key = 'p1') => limit.take(key, { count, perMinute: 60 });
  return { clock, take };
}

test('a minute’s share can be taken at once, and fills again at its rate', () => {
  const { clock, take } = aLimit();
  expect([take(59), take(), take()]).toEqual([0, 0, 1]);
  clock.now += 1_000;
  expect([take(), take()]).toEqual([0, 1]);
  expect(take(10)).toBe(10);
  clock.now += 3_600_000;
  expect([take(60), take()]).toEqual([0, 1]);
});

test('what is refused takes nothing', () => {
  const { take } = aLimit();
  take(50);
  expect([take(20), take(20), take(10)]).toEqual([10, 10, 0]);
});

test('each has its own', () => {
  const { take } = aLimit();
  take(60);
  expect([take(1, 'p1'), take(60, 'p2')]).toEqual([1, 0]);
});

test('more than a minute’s share needs all of it, and is paid off afterwards', () => {
  const { clock, take } = aLimit();
  expect(take(100)).toBe(0);
  expect(take()).toBe(41);
  clock.now += 41_000;
  expect(take()).toBe(0);
});
