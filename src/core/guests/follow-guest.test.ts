import { expect, test } from 'vitest';
import { followGuest, type GuestState } from './follow-guest.ts';
import type { PowerState, VmState } from '../servers/server.ts';

const states: GuestState[] = ['running', 'paused', 'shutOff', 'saved', 'crashed', 'gone'];

/** For each state of a server, what it becomes for each state of its guest, in the order above. */
const table: [VmState, (readonly [VmState, PowerState])[]][] = [
  [
    'active',
    [
      ['active', 1],
      ['paused', 3],
      ['stopped', 4],
      ['suspended', 4],
      ['stopped', 6],
      ['active', 0],
    ],
  ],
  [
    'paused',
    [
      ['active', 1],
      ['paused', 3],
      ['stopped', 4],
      ['suspended', 4],
      ['stopped', 6],
      ['paused', 0],
    ],
  ],
  [
    'stopped',
    [
      ['active', 1],
      ['paused', 3],
      ['stopped', 4],
      ['stopped', 4],
      ['stopped', 6],
      ['stopped', 0],
    ],
  ],
  [
    'suspended',
    [
      ['suspended', 1],
      ['suspended', 3],
      ['suspended', 4],
      ['suspended', 4],
      ['suspended', 6],
      ['suspended', 0],
    ],
  ],
  [
    'error',
    [
      ['error', 1],
      ['error', 3],
      ['error', 4],
      ['error', 4],
      ['error', 6],
      ['error', 0],
    ],
  ],
];

const cases = table.flatMap(([vmState, rows]) =>
  rows.map(([next, power], at) => ({ vmState, found: states[at]!, next, power })),
);

test.each(cases)(
  '$vmState, found $found → $next, power $power; a second report changes nothing',
  (row) => {
    const { vmState, found, next, power } = row;
    // A power state that none of these guests has.
    const following = followGuest({ vmState, powerState: 7 }, found);
    expect(following).toMatchObject({ vmState: next, powerState: power });
    expect(followGuest({ vmState: next, powerState: power }, found)).toBeUndefined();
  },
);

test.each(states)('a server that is being built or deleted ignores guest states (%s)', (found) => {
  expect(followGuest({ vmState: 'building', powerState: 0 }, found)).toBeUndefined();
  expect(followGuest({ vmState: 'deleted', powerState: 0 }, found)).toBeUndefined();
});

test.each([
  { vmState: 'active', found: 'shutOff', action: 'stop', problem: null },
  { vmState: 'active', found: 'crashed', action: 'stop', problem: 'its guest crashed' },
  { vmState: 'active', found: 'paused', action: 'pause', problem: null },
  { vmState: 'active', found: 'saved', action: 'suspend', problem: null },
  { vmState: 'paused', found: 'running', action: 'unpause', problem: null },
  { vmState: 'stopped', found: 'running', action: 'start', problem: null },
  { vmState: 'error', found: 'shutOff', action: 'sync_power_state', problem: null },
] as const)('$vmState, found $found, is called $action', ({ vmState, found, action, problem }) => {
  expect(followGuest({ vmState, powerState: 7 }, found)).toMatchObject({ action, problem });
});
