import { expect, test } from 'vitest';
import { serverStatus, statesShownAs } from './lifecycle.ts';
import type { TaskState, VmState } from './server.ts';

const rows: { vmState: VmState; taskState: TaskState; gives: string }[] = [
  { vmState: 'building', taskState: 'spawning', gives: 'BUILD' },
  { vmState: 'active', taskState: null, gives: 'ACTIVE' },
  { vmState: 'active', taskState: 'deleting', gives: 'ACTIVE' },
  { vmState: 'active', taskState: 'powering-off', gives: 'ACTIVE' },
  { vmState: 'active', taskState: 'rebooting', gives: 'REBOOT' },
  { vmState: 'active', taskState: 'rebooting_hard', gives: 'HARD_REBOOT' },
  { vmState: 'active', taskState: 'rebuilding', gives: 'REBUILD' },
  { vmState: 'stopped', taskState: null, gives: 'SHUTOFF' },
  { vmState: 'stopped', taskState: 'rebooting_hard', gives: 'SHUTOFF' },
  { vmState: 'stopped', taskState: 'rebuilding', gives: 'REBUILD' },
  { vmState: 'error', taskState: 'rebuilding', gives: 'REBUILD' },
  { vmState: 'error', taskState: null, gives: 'ERROR' },
  { vmState: 'paused', taskState: null, gives: 'PAUSED' },
  { vmState: 'deleted', taskState: null, gives: 'DELETED' },
];

test.each(rows)('$vmState while $taskState is shown as $gives', ({ vmState, taskState, gives }) => {
  expect(serverStatus({ vmState, taskState })).toBe(gives);
});

test('the states of a status are exactly those shown as that status', () => {
  for (const { vmState, taskState, gives } of rows) {
    for (const status of new Set(rows.map((row) => row.gives))) {
      const isMeant = statesShownAs(status).some(
        (state) =>
          state.vmState === vmState &&
          ('oneOf' in state.tasks
            ? state.tasks.oneOf.includes(taskState)
            : !state.tasks.noneOf.includes(taskState)),
      );
      expect({ status, vmState, taskState, isMeant }).toEqual({
        status,
        vmState,
        taskState,
        isMeant: status === gives,
      });
    }
  }
  expect(statesShownAs('SLEEPY')).toEqual([]);
});
