/** How a server's inner states read from outside. */
import type { Server, TaskState, VmState } from './server.ts';

const byTask: Partial<Record<NonNullable<TaskState>, string>> = {
  rebooting: 'REBOOT',
  rebooting_hard: 'HARD_REBOOT',
  rebuilding: 'REBUILD',
};

const byVmState: Record<VmState, string> = {
  building: 'BUILD',
  active: 'ACTIVE',
  stopped: 'SHUTOFF',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  error: 'ERROR',
  deleted: 'DELETED',
};

/**
 * The `status` word of the API. Example: active + rebooting → `REBOOT`; building → `BUILD`.
 * Source: Nova `api/openstack/common.py`, `_STATE_MAP`.
 */
export function serverStatus(server: Pick<Server, 'vmState' | 'taskState'>): string {
  const busy = server.taskState === null ? undefined : byTask[server.taskState];
  if (busy !== undefined && (server.vmState === 'active' || server.vmState === 'stopped'))
    return busy;
  return byVmState[server.vmState];
}

/** The guest's name at the hypervisor. Example: serial 42 → `instance-0000002a`. */
export function guestName(serial: number): string {
  return `instance-${serial.toString(16).padStart(8, '0')}`;
}
