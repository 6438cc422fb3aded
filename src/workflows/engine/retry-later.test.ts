import { expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { retryLater, retryStep } from './retry-later.ts';

const removal = (data: Task<'delete'>['data']): Task<'delete'> => ({
  id: 't',
  serverId: 's',
  actionId: 'a',
  epoch: 1,
  kind: 'delete',
  step: 'remove-guest',
  data,
  dueAt: 0,
});

test.each([
  { name: 'the first time', given: undefined, gives: { tries: 1, waitMs: 500 } },
  { name: 'the second time', given: 1, gives: { tries: 2, waitMs: 1_000 } },
  { name: 'after three tries', given: 3, gives: { tries: 4, waitMs: 4_000 } },
  { name: 'the last pause that grows', given: 5, gives: { tries: 6, waitMs: 16_000 } },
  { name: 'half a minute at most', given: 6, gives: { tries: 7, waitMs: 30_000 } },
])('the pauses of a step that is retried grow: $name', ({ given, gives }) => {
  const task = removal({ hostIsSilent: true, ...(given !== undefined && { tries: given }) });
  expect(retryLater(task, 1_000)).toEqual({
    step: 'remove-guest',
    data: { hostIsSilent: true, tries: gives.tries },
    dueAt: 1_000 + gives.waitMs,
  });
});

test('another step can follow', () => {
  expect(retryLater(removal({}), 1_000, 'release')).toMatchObject({ step: 'release' });
});

test('a step that sends nothing to a host is retried with the same data two seconds later', () => {
  expect(retryStep(removal({ tries: 3 }), 1_000)).toEqual({
    step: 'remove-guest',
    data: { tries: 3 },
    dueAt: 3_000,
  });
});
