/** The operations on a guest by one command to its host, and the resulting server state of each. */
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { GuestActName } from '#contracts/store/task-data.ts';
import type { PowerState, TaskState, VmState } from '#core/servers/server.ts';

/**
 * `action`: its name in Nova. `from`: states in which it is allowed. `failsTo` where a failure
 * leaves no running guest.
 */
export interface GuestAct {
  action: string;
  taskState: TaskState;
  from: VmState[];
  command: HostCommandBody['do'] &
    (
      | 'respawn'
      | 'rescue'
      | 'snapshot'
      | 'stop'
      | 'reboot'
      | 'pause'
      | 'unpause'
      | 'inject-nmi'
      | 'suspend'
      | 'resume'
    );
  /** Absent: the server stays as it is, also when the operation fails. */
  to?: { vmState: VmState; powerState: PowerState };
  failsTo?: VmState;
}

const running = { vmState: 'active', powerState: 1 } as const;
/** Of a guest that is off. */
export const stopped = { vmState: 'stopped', powerState: 4 } as const;
/** States in which an image can be made of a guest's disk. */
const copied: VmState[] = ['active', 'stopped', 'paused', 'suspended'];
const rebooted: VmState[] = ['active', 'stopped', 'paused', 'suspended', 'error'];

/** Each by its name in the task row. */
export const guestActs: Record<GuestActName, GuestAct> = {
  reboot: {
    action: 'reboot',
    taskState: 'rebooting',
    from: ['active'],
    command: 'reboot',
    to: running,
  },
  'hard-reboot': {
    action: 'reboot',
    taskState: 'rebooting_hard',
    from: rebooted,
    command: 'respawn',
    to: running,
    failsTo: 'error',
  },
  stop: {
    action: 'stop',
    taskState: 'powering-off',
    from: ['active', 'error'],
    command: 'stop',
    to: stopped,
  },
  start: {
    action: 'start',
    taskState: 'powering-on',
    from: ['stopped'],
    command: 'respawn',
    to: running,
  },
  pause: {
    action: 'pause',
    taskState: 'pausing',
    from: ['active'],
    command: 'pause',
    to: { vmState: 'paused', powerState: 3 },
  },
  unpause: {
    action: 'unpause',
    taskState: 'unpausing',
    from: ['paused'],
    command: 'unpause',
    to: running,
  },
  suspend: {
    action: 'suspend',
    taskState: 'suspending',
    from: ['active'],
    command: 'suspend',
    to: { vmState: 'suspended', powerState: 4 },
  },
  resume: {
    action: 'resume',
    taskState: 'resuming',
    from: ['suspended'],
    command: 'resume',
    to: running,
  },
  rebuild: {
    action: 'rebuild',
    taskState: 'rebuilding',
    from: ['active', 'stopped', 'error'],
    command: 'respawn',
    to: running,
    failsTo: 'error',
  },
  rescue: {
    action: 'rescue',
    taskState: 'rescuing',
    from: ['active', 'stopped', 'error'],
    command: 'rescue',
    to: { vmState: 'rescued', powerState: 1 },
    failsTo: 'error',
  },
  unrescue: {
    action: 'unrescue',
    taskState: 'unrescuing',
    from: ['rescued'],
    command: 'respawn',
    to: running,
    failsTo: 'error',
  },
  snapshot: {
    action: 'createImage',
    taskState: 'image_snapshot',
    from: copied,
    command: 'snapshot',
  },
  backup: {
    action: 'createBackup',
    taskState: 'image_backup',
    from: copied,
    command: 'snapshot',
  },
  'crash-dump': {
    action: 'trigger_crash_dump',
    // What follows depends on the guest's system.
    taskState: null,
    from: ['active', 'paused', 'rescued', 'resized', 'error'],
    command: 'inject-nmi',
  },
};
