import { expect, test } from 'vitest';
import { batched } from './batched.ts';

function reader() {
  const calls: string[][] = [];
  const ask = batched(async (ids) => {
    calls.push([...ids]);
    return new Map(ids.filter((id) => id !== 'none').map((id) => [id, `the ${id}`]));
  });
  return { calls, ask };
}

test('concurrent requests become one call, each id once; a later request is another', async () => {
  const { calls, ask } = reader();
  const later = Promise.resolve().then(() => ask('b'));
  expect(await Promise.all([ask('a'), ask('a'), ask('none'), later])).toEqual([
    'the a',
    'the a',
    undefined,
    'the b',
  ]);
  expect(await ask('a')).toBe('the a');
  expect(calls).toEqual([['a', 'none', 'b'], ['a']]);
});

test('a hundred are one call, more are another', async () => {
  const { calls, ask } = reader();
  await Promise.all(Array.from({ length: 101 }, (_, at) => ask(String(at))));
  expect(calls.map(({ length }) => length)).toEqual([100, 1]);
});

test('an error reaches all concurrent callers, and the next attempt is a new call', async () => {
  let tries = 0;
  const ask = batched(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return new Map([['a', 1]]);
  });
  const outcomes = await Promise.allSettled([ask('a'), ask('b')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await ask('a')).toBe(1);
});
