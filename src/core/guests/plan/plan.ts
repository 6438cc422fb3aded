/** The steps from the host's current state to the desired guest. */
import type { PciFunction } from '../../pci/devices/device.ts';
import type { Reason } from '../../reason.ts';
import type { Guest } from '../description/guest.ts';
import { handOverSteps, recordHostDevice } from './hand-over-steps.ts';
import { type HeldDevice, heldDevices } from '../description/held-device.ts';
import type { Step } from './step.ts';

/**
 * A guest as the host has it. `shutOff`: defined, not running; `saved`: the same, with its memory
 * on disk.
 */
export interface FoundGuest {
  id: string;
  name: string;
  state: 'running' | 'paused' | 'shutOff' | 'crashed' | 'saved';
  /** What it holds while it runs. */
  devices: HeldDevice[];
}

/**
 * Steps that make the guest run on its host, from any state. None when it runs already. `fresh`:
 * from a new disk; `keepsFiles`: from the disk that is here. Example: nothing found, one VF →
 * check-devices, prepare-files, define, record-device, start.
 */
export function planSpawn(
  guest: Guest,
  found: FoundGuest | undefined,
  { fresh = false, keepsFiles = false }: { fresh?: boolean; keepsFiles?: boolean } = {},
): Step[] {
  if (found !== undefined && isLive(found)) return [];
  return [
    { do: 'check-devices', guest },
    ...(keepsFiles ? [{ do: 'find-files', guest } as const] : []),
    { do: 'prepare-files', guest, fresh },
    // Defined first: if a later step fails, the guest is found and undone with all it has.
    { do: 'define', guest },
    ...guest.nics.flatMap((nic) => handOverSteps(guest.id, nic)),
    ...guest.hostDevices.map((device) => recordHostDevice(guest.id, device)),
    { do: 'start', guestId: guest.id },
  ];
}

/**
 * Steps that take the guest off its host and leave its devices as if they had never been used. The
 * guest is removed after its devices: while it is known, an interrupted removal can be retried. Its
 * files are removed last, also where no guest is known: an interrupted start may have left some.
 * `keepsFiles`: they stay, for another host.
 */
export function planDestroy(
  guestId: string,
  found: FoundGuest | undefined,
  { keepsFiles = false }: { keepsFiles?: boolean } = {},
): Step[] {
  const last: Step = keepsFiles ? { do: 'end-transfer', guestId } : { do: 'remove-files', guestId };
  if (found === undefined) return [last];
  return [
    ...(isLive(found) ? [{ do: 'destroy', guestId } as const] : []),
    ...found.devices.map((device): Step => ({ do: 'restore-device', device, guestId })),
    { do: 'release-bridge', guestId },
    { do: 'remove-tap', guestId },
    { do: 'undefine', guestId },
    last,
  ];
}

/** Does this guest hold its devices now? */
export function isLive(found: FoundGuest): boolean {
  return found.state === 'running' || found.state === 'paused';
}

/**
 * Why the guest must not start here: a device that is not on the host, that another live guest
 * holds, or (under a macvtap) that has no interface. Empty when none is. libvirt itself does not
 * refuse a VF under two macvtaps.
 */
export function deviceProblems(
  guest: Guest,
  host: { functions: readonly PciFunction[]; guests: readonly FoundGuest[] },
): Reason[] {
  const others = host.guests.filter((other) => other.id !== guest.id && isLive(other));
  return heldDevices(guest).flatMap(({ address, through }) => {
    const fn = host.functions.find((each) => each.address === address);
    if (fn === undefined) {
      return [reason('device-missing', `PCI device ${address} is not on this host`)];
    }
    const holder = others.find((other) => other.devices.some((each) => each.address === address));
    if (holder !== undefined) {
      return [reason('device-in-use', `PCI device ${address} is in use by guest ${holder.name}`)];
    }
    if (through === 'macvtap' && fn.ifname === null) {
      return [
        reason(
          'vf-without-interface',
          `PCI device ${address} has no network interface, which a macvtap port needs (driver vfio-pci, or no driver)`,
        ),
      ];
    }
    return [];
  });
}

function reason(code: string, message: string): Reason {
  return { code, message };
}
