/**
 * What a server becomes when its guest is found in another state than it was left in, and nothing
 * is under way for it.
 */
import type { FoundGuest } from './plan/plan.ts';
import type { PowerState, Server, VmState } from '../servers/server.ts';

/** As the host shows the guest; `gone`: it is not on its host. */
export type GuestState = FoundGuest['state'] | 'gone';

/**
 * `action`: what a user would have called it. `problem`: what the user is to know, when it is no
 * good news.
 */
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
 * What changes, or undefined when the rows are right. The power state always follows the guest. The
 * server's state follows while it is active, paused or stopped; one that is suspended or in error,
 * and one whose guest is gone, waits for its user (a hard reboot makes the guest again). Example:
 * active, found shut off → stopped. Source: Nova `_sync_instance_power_state`. It differs on
 * purpose where Nova leaves a paused guest ACTIVE, so that it cannot be unpaused, and stops one
 * that was started on its host.
 */
export function followGuest(
  { vmState, powerState }: Pick<Server, 'vmState' | 'powerState'>,
  found: GuestState,
): GuestFollowing | undefined {
  if (vmState === 'building' || vmState === 'deleted') return undefined;
  const next = { vmState: nextState(vmState, found), powerState: powerStates[found] };
  if (next.vmState === vmState && next.powerState === powerState) return undefined;
  const action = next.vmState === vmState ? 'sync_power_state' : actionTo(vmState, next.vmState);
  return { ...next, action, problem: problemOf(found) };
}

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
