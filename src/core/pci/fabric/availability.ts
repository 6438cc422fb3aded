/** Whether a device can be given to a server: in one word, in one letter, and why not. */
import type { Reason } from '../../reason.ts';
import { replacement } from '../devices/device-identity.ts';
import type { PciDevice } from '../devices/device.ts';

/**
 * The only states there are, each with its letter. `claimed`: chosen for a server whose guest does
 * not run yet; `held`: its guest has it. `pf-taken`: the whole PF of the VF is held; `vfs-taken`: a
 * VF of the PF is held. `missing`: held, and no longer reported by its host; `replaced`: held, and
 * another device is at its address. `quarantined`: it, or its PF, must not be assigned.
 * `not-offered`: no device spec of its host admits it.
 */
export const availabilityLetters = {
  free: 'f',
  claimed: 'c',
  held: 'h',
  'pf-taken': 'p',
  'vfs-taken': 'v',
  missing: 'm',
  replaced: 'r',
  quarantined: 'q',
  'not-offered': '.',
} as const;

export type Availability = keyof typeof availabilityLetters;

/** Devices of the same card. `pf`: of a VF; undefined: it is not offered. `vfs`: of a PF. */
export interface Relatives {
  pf?: PciDevice | undefined;
  vfs?: readonly PciDevice[];
}

/** Example: a VF whose PF a server holds → `pf-taken`. */
export function availabilityOf(device: PciDevice, { pf }: Relatives = {}): Availability {
  const { status } = device;
  if (status === 'removed') return 'not-offered';
  if (device.serverId !== null) {
    if (status !== 'missing') return status === 'claimed' ? 'claimed' : 'held';
    return replacement(device) === undefined ? 'missing' : 'replaced';
  }
  if (status === 'available') return 'free';
  if (device.quarantine !== undefined || pf?.quarantine !== undefined) return 'quarantined';
  return device.parentAddress === null ? 'vfs-taken' : 'pf-taken';
}

/**
 * Why the device cannot be given to a server now; undefined: it can. Example: `{ code: 'pf-taken',
 * message: 'its PF 0000:81:00.0 is held by server 6d0f…' }`.
 */
export function whyUnavailable(
  device: PciDevice,
  { pf, vfs = [] }: Relatives = {},
): Reason | undefined {
  const { address, serverId } = device;
  switch (availabilityOf(device, { pf })) {
    case 'free':
      return undefined;
    case 'claimed':
      return { code: 'device-claimed', message: `server ${serverId} is being started with it` };
    case 'held':
      return { code: 'device-held', message: `server ${serverId} has it` };
    case 'pf-taken':
      return {
        code: 'pf-taken',
        message: `its PF ${device.parentAddress} is held by ${holderOf(pf)}`,
      };
    case 'vfs-taken':
      return { code: 'vfs-taken', message: vfsTaken(vfs) };
    case 'missing':
      return {
        code: 'device-missing',
        message: `server ${serverId} has it, and its host no longer reports it`,
      };
    case 'replaced':
      return {
        code: 'device-replaced',
        message: `server ${serverId} has it; ${replacement(device)}`,
      };
    case 'quarantined':
      return { code: 'device-quarantined', message: quarantineText(device, pf) };
    case 'not-offered':
      return { code: 'not-offered', message: `its host no longer offers ${address}` };
  }
}

function quarantineText({ quarantine }: PciDevice, pf: PciDevice | undefined): string {
  return quarantine ?? `its PF ${pf?.address}: ${pf?.quarantine}`;
}

function vfsTaken(vfs: readonly PciDevice[]): string {
  const held = vfs.filter((vf) => vf.serverId !== null);
  const [first] = held;
  if (first === undefined) return 'a VF of it is held by a server';
  const others = held.length === 1 ? '' : `, and ${held.length - 1} more of its VFs are held`;
  return `its VF ${first.address} is held by ${holderOf(first)}${others}`;
}

function holderOf(device: PciDevice | undefined): string {
  return typeof device?.serverId === 'string' ? `server ${device.serverId}` : 'a server';
}
