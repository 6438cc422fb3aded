import { expect, test } from 'vitest';
import { writeChanges } from './changed-columns.ts';

const before = { id: 'a', name: 'x', size: 1, host: null as string | null };

/** What is written, call by call. */
async function written(after: typeof before, from: typeof before | undefined) {
  const calls: object[] = [];
  await writeChanges({ before: from, after }, async (columns) => void calls.push(columns));
  return calls;
}

test('only columns with another value are written', async () => {
  expect(await written({ ...before, size: 2 }, before)).toEqual([{ size: 2 }]);
  expect(await written({ ...before, host: 'h' }, before)).toEqual([{ host: 'h' }]);
});

test('nothing is written where nothing differs', async () => {
  expect(await written({ ...before }, before)).toEqual([]);
});

test('without a row to compare with, all columns but the id are written', async () => {
  expect(await written(before, undefined)).toEqual([{ name: 'x', size: 1, host: null }]);
});
