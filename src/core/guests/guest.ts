/** The guest: what a hypervisor is to be told of one server. Hypervisor-neutral; XML is made elsewhere. */
import type { PciAddress } from '../pci/address.ts';

interface NicIdentity {
  portId: string;
  macAddress: string;
  /** null: leave the hypervisor's default. */
  mtu: number | null;
}

/** A NIC of the guest, by how the host makes it. `vlan` null: untagged. */
export type GuestNic = NicIdentity &
  (
    | { kind: 'hostdev'; address: PciAddress; vlan: number | null; portProfileId: string | null }
    | {
        kind: 'macvtap';
        address: PciAddress;
        vlan: number | null;
        portProfileId: string | null;
      }
    | { kind: 'hostdev-physical'; address: PciAddress }
    | { kind: 'bridge'; bridge: string; devName: string }
    | { kind: 'ovs'; bridge: string; devName: string; interfaceId: string }
    | { kind: 'tap'; devName: string }
  );

/** A PCI device of a flavor alias, given as it is. */
export interface GuestHostDevice {
  address: PciAddress;
  requestId: string;
}

/** One guest, complete: what libvirt is told follows from this alone (and the host's own facts). */
export interface Guest {
  /** The server's id; the domain's uuid. */
  id: string;
  /** Example: `instance-0000002a`. */
  name: string;
  /** The server's name and owner, kept in the domain's metadata for people. */
  title: string;
  projectId: string;
  flavorName: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  imageId: string | null;
  nics: GuestNic[];
  hostDevices: GuestHostDevice[];
}
