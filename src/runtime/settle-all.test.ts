import { expect, test } from 'vitest';
import { settleAll } from './settle-all.ts';

test('all begin before any has ended; results are in the order of the inputs', async () => {
  const begun: number[] = [];
  const allBegun = Promise.withResolvers<void>();
  const results = await settleAll([3, 1, 2], async (thing, at) => {
    begun.push(thing);
    if (begun.length === 3) allBegun.resolve();
    await allBegun.promise;
    return `${at}:${thing}`;
  });
  expect(results).toEqual(['0:3', '1:1', '2:2']);
});

test('the first failure in input order is thrown after all have ended, whichever failed earlier', async () => {
  const ended: string[] = [];
  const secondFailed = Promise.withResolvers<void>();
  const outcome = settleAll(['first', 'second', 'third'], async (name) => {
    if (name === 'second') {
      secondFailed.resolve();
      throw new Error('second');
    }
    await secondFailed.promise;
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(name);
    if (name === 'first') throw new Error('first');
  });
  await expect(outcome).rejects.toThrow('first');
  expect(ended).toEqual(['first', 'third']);
});
