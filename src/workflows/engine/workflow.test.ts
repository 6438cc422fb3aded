import { expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { asFailure, assertCurrent, Superseded } from './workflow.ts';

test.each([
  { name: 'still has the task', isCurrent: true, gives: 'current' },
  { name: 'has another epoch, or no task', isCurrent: false, gives: 'superseded' },
])('before an outside effect the store $name', async ({ isCurrent, gives }) => {
  const requests: unknown[] = [];
  const tasks = {
    isCurrent: async (task: unknown) => {
      requests.push(task);
      return isCurrent;
    },
  };
  const store = { tasks } as unknown as Store;
  const task = { serverId: 's-1', epoch: 3 };
  const seen = await assertCurrent({ store, clock: Date }, task).then(
    () => 'current',
    (error: unknown) => (error instanceof Superseded ? 'superseded' : error),
  );
  expect([seen, requests]).toEqual([gives, [task]]);
});

test('an error meant for the user fails a step as it is', () => {
  const error = new ComputeError('conflict', 'port p is in use');
  expect(asFailure(error)).toBe(error);
});

test.each([
  { name: 'an error: its stack', given: withStack('at here'), gives: 'at here' },
  { name: 'an error without a stack: its message', given: withStack(undefined), gives: 'odd' },
  { name: 'anything else: its text', given: 'odd thing', gives: 'odd thing' },
])('a fault of ours is reported to the user, and the log has $name', ({ given, gives }) => {
  expect(asFailure(given)).toMatchObject({
    kind: 'bug',
    message: 'internal error',
    detail: gives,
    cause: given,
  });
});

function withStack(stack: string | undefined): Error {
  return Object.assign(new Error('odd'), { stack });
}
