/** How a server's internal states appear in the API. */
import type { Server, TaskState, VmState } from './server.ts';

const byVmState: Record<VmState, string> = {
  building: 'BUILD',
  active: 'ACTIVE',
  stopped: 'SHUTOFF',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  rescued: 'RESCUE',
  resized: 'VERIFY_RESIZE',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
  error: 'ERROR',
  deleted: 'DELETED',
};

const resizing = { resize_prep: 'RESIZE', resize_migrating: 'RESIZE', resize_finish: 'RESIZE' };

/** Tasks that change a state's status. All others keep the state's own. */
const busy: Partial<Record<VmState, Partial<Record<NonNullable<TaskState>, string>>>> = {
  active: {
    rebooting: 'REBOOT',
    rebooting_hard: 'HARD_REBOOT',
    rebuilding: 'REBUILD',
    migrating: 'MIGRATING',
    ...resizing,
  },
  stopped: { rebuilding: 'REBUILD', ...resizing },
  paused: { migrating: 'MIGRATING' },
  resized: { resize_reverting: 'REVERT_RESIZE' },
  error: { rebuilding: 'REBUILD' },
};

/**
 * The `status` of the API. Example: active + rebooting → `REBOOT`; building → `BUILD`. Source: Nova
 * `api/openstack/common.py`, `_STATE_MAP`.
 */
export function serverStatus({
  vmState,
  taskState,
}: Pick<Server, 'vmState' | 'taskState'>): string {
  const shown = taskState === null ? undefined : busy[vmState]?.[taskState];
  return shown ?? byVmState[vmState];
}

/** A state with the tasks during which it shows in one way. */
export interface ShownState {
  vmState: VmState;
  tasks: { oneOf: TaskState[] } | { noneOf: TaskState[] };
}

/**
 * The inner states that show as a status: the inverse of `serverStatus`. Example: `ACTIVE` →
 * active, while it is neither rebooted nor rebuilt; an unknown status → none.
 */
export function statesShownAs(status: string): ShownState[] {
  return (Object.keys(byVmState) as VmState[]).flatMap((vmState): ShownState[] => {
    const shown = Object.entries(busy[vmState] ?? {}) as [TaskState, string][];
    const oneOf = shown.flatMap(([task, shownStatus]) => (shownStatus === status ? [task] : []));
    const noneOf = shown.map(([task]) => task);
    return [
      ...(oneOf.length > 0 ? [{ vmState, tasks: { oneOf } }] : []),
      ...(byVmState[vmState] === status ? [{ vmState, tasks: { noneOf } }] : []),
    ];
  });
}
