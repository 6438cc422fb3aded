/** The new state of a server whose guest has changed state while no task is in progress for it. */
import type { FoundGuest } from './plan/plan.ts';
import type { PowerState, Server, VmState } from '../servers/server.ts';

/** The guest's state on the host; `gone`: it is not on its host. */
export type GuestState = FoundGuest['state'] | 'gone';

/** `action`: the matching user action. `problem`: message for the user, when it is a failure. */
export interface GuestFollowing {
  vmState: VmState;
  powerState: PowerState;
  action: string;
  problem: string | null;
}

const powerStates: Record<GuestState, PowerState> = {
  running: 1,
  paused: 3,
  shutOff: 4,
  saved: 4,
  crashed: 6,
  gone: 0,
};

/**
 * The changes, or undefined when the rows are right. The power state always follows the guest. The
 * server's state follows while it is active, paused or stopped; one that is suspended or in error,
 * and one whose guest is gone, waits for its user (a hard reboot recreates the guest). Example:
 * active, found shut off → stopped. Source: Nova `_sync_instance_power_state`. It differs on
 * purpose: Nova leaves a paused guest ACTIVE, so that it cannot be unpaused, and stops one started
 * on its host.
 */
export function followGuest(
  { vmState, powerState }: Pick<Server, 'vmState' | 'powerState'>,
  found: GuestState,
): GuestFollowing | undefined {
  if (withoutGuest.includes(vmState)) return undefined;
  const next = { vmState: nextState(vmState, found), powerState: powerStates[found] };
  if (next.vmState === vmState && next.powerState === powerState) return undefined;
  const action = next.vmState === vmState ? 'sync_power_state' : actionTo(vmState, next.vmState);
  return { ...next, action, problem: problemOf(found) };
}

/** States in which the server has no guest yet, or none any more. */
const withoutGuest: readonly VmState[] = ['building', 'deleted', 'shelved_offloaded'];

function nextState(vmState: VmState, found: GuestState): VmState {
  const follows = vmState === 'active' || vmState === 'paused' || vmState === 'stopped';
  if (!follows) return vmState;
  switch (found) {
    case 'running':
      return 'active';
    case 'paused':
      return 'paused';
    case 'shutOff':
    case 'crashed':
      return 'stopped';
    case 'saved':
      return vmState === 'stopped' ? 'stopped' : 'suspended';
    case 'gone':
      return vmState;
  }
}

function actionTo(from: VmState, to: VmState): string {
  if (to === 'paused') return 'pause';
  if (to === 'suspended') return 'suspend';
  if (to === 'stopped') return 'stop';
  return from === 'paused' ? 'unpause' : 'start';
}

function problemOf(found: GuestState): string | null {
  if (found === 'crashed') return 'its guest crashed';
  if (found === 'gone') return 'its guest is not on its host; a hard reboot creates it again';
  return null;
}
