import { expect, test } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

test('at most that many run at once, the others in order as slots become free, failures included', async () => {
  const limit = new ConcurrencyLimit(2);
  const begun: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const run = (name: string): Promise<string> =>
    limit.run(async () => {
      begun.push(name);
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      await gate.promise;
      return name;
    });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(run);
  await new Promise((resolve) => setImmediate(resolve));
  expect([begun, limit.waiting]).toEqual([['a', 'b'], 2]);
  gates.get('b')?.reject(new Error('no'));
  await expect(b).rejects.toThrow('no');
  expect([begun, limit.waiting]).toEqual([['a', 'b', 'c'], 1]);
  gates.get('a')?.resolve();
  expect(await a).toBe('a');
  for (const name of ['c', 'd']) gates.get(name)?.resolve();
  expect(await Promise.all([c, d])).toEqual(['c', 'd']);
  expect(await limit.run(async () => 'e')).toBe('e');
});
