/**
 * The PCI devices that a guest holds, and how: what a host must check before its start and restore
 * after its end.
 */
import { assertNever } from '../../errors.ts';
import type { PciAddress } from '../../pci/devices/address.ts';
import type { Guest, GuestHostDevice, GuestNic } from './guest.ts';
import { isPciNic } from './guest.ts';

/**
 * One device of a guest. `hostdev`: the guest has the device itself; `macvtap`: it has a tap over
 * the VF's interface, which stays with the host; `vdpa`: it has the VF's vDPA device. `trust`: the
 * VF's trust was set for it.
 */
export interface HeldDevice {
  address: PciAddress;
  through: 'hostdev' | 'macvtap' | 'vdpa';
  /** The agent sets the guest's MAC and VLAN on the VF, and clears them. */
  isConfigured: boolean;
  trust: boolean;
  /**
   * true: its driver is the operator's, neither checked nor rebound. Absent: libvirt unbinds and
   * rebinds it.
   */
  isUnmanaged?: true;
}

/** Every device of a guest, NICs first. */
export function heldDevices(guest: Guest): HeldDevice[] {
  return [
    ...guest.nics.flatMap((nic) => heldByNic(nic) ?? []),
    ...guest.hostDevices.map(heldHostDevice),
  ];
}

/** The device of one NIC, or undefined for a virtual one. */
export function heldByNic(nic: GuestNic): HeldDevice | undefined {
  if (!isPciNic(nic)) return undefined;
  switch (nic.kind) {
    case 'macvtap':
      return { ...plain(nic.address, 'macvtap'), isConfigured: nic.portProfileId === null };
    case 'hostdev':
      return { ...plain(nic.address, 'hostdev'), trust: nic.trusted !== null };
    case 'vdpa':
      return plain(nic.address, 'vdpa');
    case 'hostdev-physical':
      return plain(nic.address, 'hostdev');
    default:
      return assertNever(nic);
  }
}

/** A device of a flavor alias. Example: an entry with `managed: no` → `isUnmanaged`. */
export function heldHostDevice({
  address,
  isUnmanaged,
}: Pick<GuestHostDevice, 'address' | 'isUnmanaged'>): HeldDevice {
  return { ...plain(address, 'hostdev'), ...(isUnmanaged === true && { isUnmanaged }) };
}

function plain(address: PciAddress, through: HeldDevice['through']): HeldDevice {
  return { address, through, isConfigured: false, trust: false };
}
