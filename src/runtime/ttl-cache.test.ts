import { expect, test } from 'vitest';
import { TtlCache } from './ttl-cache.ts';

/** A cache on a stopped clock, and how often each key was read. */
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

test('an answer is used until it expires, and not a millisecond longer', async () => {
  const { clock, ask } = aCache();
  expect(await ask('a')).toBe('a@1000');
  clock.now = 1_099;
  expect(await ask('a')).toBe('a@1000');
  clock.now = 1_100;
  expect(await ask('a')).toBe('a@1100');
});

test('two concurrent callers cause one read; an invalidated answer is read again', async () => {
  const { clock, reads, ask } = aCache();
  await Promise.all([ask('a'), ask('a')]);
  expect(reads).toEqual(['a']);
  clock.now = 1_001;
  expect(await ask('a', true)).toBe('a@1001');
  expect(await ask('a')).toBe('a@1001');
});

test('beyond the maximum the oldest entry is dropped', async () => {
  const { reads, ask } = aCache();
  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await ask(key);
  expect(reads).toEqual(['a', 'b', 'c', 'a']);
});

test('an answer that was read again counts as the newest', async () => {
  const { reads, ask } = aCache();
  await ask('a');
  await ask('b');
  await ask('a', true);
  await ask('c');
  await ask('a');
  expect(reads).toEqual(['a', 'b', 'a', 'c']);
});

test('a failure is not cached, and does not remove a newer answer', async () => {
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
