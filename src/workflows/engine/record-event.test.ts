import { expect, test } from 'vitest';
import type { WorkflowContext } from './context.ts';
import { finishedEvent } from './record-event.ts';

const context = { clock: { now: () => 9_000 } } as WorkflowContext;
const times = { name: 'spawn', startedAt: 4_000, finishedAt: 9_000 };

test.each([
  { name: 'a success', given: undefined, gives: { result: 'Success', details: null, host: null } },
  {
    name: 'a success on a host',
    given: { host: 'host-1' },
    gives: { result: 'Success', details: null, host: 'host-1' },
  },
  {
    name: 'an error, with its text',
    given: { host: 'host-1', error: 'no disk' },
    gives: { result: 'Error', details: 'no disk', host: 'host-1' },
  },
  {
    name: 'an error without a text',
    given: { error: '' },
    gives: { result: 'Error', details: '', host: null },
  },
])('an event that ends now: $name', ({ given, gives }) => {
  expect(finishedEvent(context, 'spawn', 4_000, given)).toEqual({ ...times, ...gives });
});
