import { expect, test } from 'vitest';
import { TtlCache } from './ttl-cache.ts';

/** A cache on a clock that stands, and how often each key was read. */
function aCache() {
  const clock = { now: 1_000 };
  const reads: string[] = [];
  const cache = new TtlCache<string>({ now: () => clock.now, ttlMs: 100, mostEntries: 2 });
  const ask = (key: string, isDoubted = false): Promise<string> =>
    cache.get(
      key,
      async () => {
        reads.push(key);
        return `${key}@${clock.now}`;
      },
      isDoubted,
    );
  return { clock, reads, cache, ask };
}

test('an answer is believed for its time, and not a millisecond longer', async () => {
  const { clock, ask } = aCache();
  expect(await ask('a')).toBe('a@1000');
  clock.now = 1_099;
  expect(await ask('a')).toBe('a@1000');
  clock.now = 1_100;
  expect(await ask('a')).toBe('a@1100');
});

test('two who ask at once cause one read; a doubted answer is read again', async () => {
  const { clock, reads, ask } = aCache();
  await Promise.all([ask('a'), ask('a')]);
  expect(reads).toEqual(['a']);
  clock.now = 1_001;
  expect(await ask('a', true)).toBe('a@1001');
  expect(await ask('a')).toBe('a@1001');
});

test('of more than the most entries the oldest is forgotten', async () => {
  const { reads, ask } = aCache();
  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await ask(key);
  expect(reads).toEqual(['a', 'b', 'c', 'a']);
});

test('an answer that was read again counts as new', async () => {
  const { reads, ask } = aCache();
  await ask('a');
  await ask('b');
  await ask('a', true);
  await ask('c');
  await ask('a');
  expect(reads).toEqual(['a', 'b', 'a', 'c']);
});

test('a failure is not kept, and does not remove the answer that came after it', async () => {
  const { cache, ask } = aCache();
  const failing = Promise.withResolvers<string>();
  const first = cache.get('a', () => failing.promise);
  expect(await ask('a', true)).toBe('a@1000');
  failing.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  expect(await cache.get('a', async () => 'read again')).toBe('a@1000');
  await expect(cache.get('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await ask('b')).toBe('b@1000');
});
