/** Which NICs have a dedicated libvirt network when VFs come from networks, and its name. */
import type { GuestNic } from '#core/guests/description/guest.ts';

const prefix = 'novella-port-';

export type PortNetworkNic = Extract<GuestNic, { kind: 'hostdev' | 'macvtap' }>;

/**
 * A VF passed through or under a macvtap. libvirt does not handle a passed-through PF as a network
 * interface, and a virtual NIC needs no device.
 */
export function hasPortNetwork(nic: GuestNic): nic is PortNetworkNic {
  return nic.kind === 'hostdev' || nic.kind === 'macvtap';
}

/** Example: `6d0f5f54-…` → `novella-port-6d0f5f54-…`. */
export function portNetworkName(portId: string): string {
  return `${prefix}${portId}`;
}

export function isPortNetwork(name: string): boolean {
  return name.startsWith(prefix);
}
