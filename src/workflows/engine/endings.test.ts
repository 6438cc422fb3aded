import { expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { endInError, failedBy } from './endings.ts';

test.each([
  {
    name: 'an error of a kind',
    given: new ComputeError('conflict', 'port p is in use'),
    gives: { is: 'failed', kind: 'conflict', message: 'port p is in use' },
  },
  {
    name: 'a reason without a kind',
    given: { message: 'the host is gone' },
    gives: { is: 'failed', kind: 'unavailable', message: 'the host is gone' },
  },
])('a workflow fails with $name', ({ given, gives }) => {
  expect(failedBy(given)).toEqual(gives);
});

test.each([
  { name: 'its detail', given: { detail: 'slot 3' }, gives: 'slot 3' },
  { name: 'empty details without one', given: {}, gives: '' },
])('the server goes to ERROR with the error as its fault, and $name', ({ given, gives }) => {
  const error = new ComputeError('conflict', 'no device', given);
  expect(endInError({ clock: { now: () => 7_000 } }, error)).toEqual({
    server: {
      vmState: 'error',
      taskState: null,
      fault: { code: 500, message: 'no device', details: gives, created: 7_000 },
    },
    outcome: { is: 'failed', kind: 'conflict', message: 'no device' },
    next: null,
  });
});
