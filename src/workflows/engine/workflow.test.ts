import { expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { asFailure, assertCurrent, Superseded } from './workflow.ts';

test.each([
  { name: 'the same epoch', given: { epoch: 3 }, gives: 'current' },
  { name: 'an older epoch, as never happens', given: { epoch: 2 }, gives: 'superseded' },
  { name: 'the next epoch: another workflow took over', given: { epoch: 4 }, gives: 'superseded' },
  { name: 'no task: it has ended', given: undefined, gives: 'superseded' },
])('before an outside effect the store has $name', async ({ given, gives }) => {
  const requests: string[] = [];
  const of = async (id: string) => {
    requests.push(id);
    return given;
  };
  const store = { tasks: { of } } as unknown as Store;
  const seen = await assertCurrent({ store }, { serverId: 's-1', epoch: 3 }).then(
    () => 'current',
    (error: unknown) => (error instanceof Superseded ? 'superseded' : error),
  );
  expect([seen, requests]).toEqual([gives, ['s-1']]);
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
