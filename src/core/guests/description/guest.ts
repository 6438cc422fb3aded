/** The guest: what a hypervisor needs of one server. Hypervisor-neutral; XML is made elsewhere. */
import type { PciAddress } from '../../pci/devices/address.ts';
import type { VfRequest } from '../../pci/vf/vf-settings.ts';
import type { NumaShare } from '../../scheduling/numa-fit.ts';
import type { GuestHardware } from './guest-hardware.ts';
import type { OvsPort } from './host-tap.ts';

/**
 * Limits of a NIC, texts as in the flavor (kilobytes a second; burst in kilobytes). Source: Nova
 * `quota:vif_inbound_average` …
 */
export interface NicRate {
  average?: string;
  peak?: string;
  burst?: string;
}

interface NicIdentity {
  portId: string;
  macAddress: string;
  /** null: leave the hypervisor's default. */
  mtu: number | null;
  /** null: not limited. */
  bandwidth: { inbound: NicRate; outbound: NicRate } | null;
}

/** The guest's side of a NIC that the host makes. null: leave the hypervisor's default. */
export interface NicFrontend {
  /** Example: `virtio`. */
  model: string | null;
  queues: number | null;
  rxQueueSize: number | null;
  txQueueSize: number | null;
  /** virtio's packed ring. */
  packed: boolean;
}

/**
 * What a bridge of a network without a network agent is joined to: the host's interface of this
 * physical network, tagged with this VLAN. `physicalNetwork` null: not joined, guests of this host
 * only. `vlan` null: untagged.
 */
export interface BridgeWiring {
  physicalNetwork: string | null;
  vlan: number | null;
}

interface OnBridge {
  kind: 'bridge';
  bridge: string;
  devName: string;
  /** How the agent makes the bridge; null: another program on the host makes it. */
  wiring: BridgeWiring | null;
  frontend: NicFrontend;
}

/** A virtual NIC on a bridge of the host. */
export type BridgeNic = NicIdentity & OnBridge;

/** A NIC of the guest, by how the host makes it. `vlan` null: left to the switch. */
export type GuestNic = NicIdentity &
  (
    | OnBridge
    | {
        kind: 'hostdev';
        address: PciAddress;
        vlan: number | null;
        portProfileId: string | null;
        /** Is the VF to be trusted? null: not specified by the port. */
        trusted: boolean | null;
        /** Absent: the VF's other settings are left to a network agent, if any. */
        vf?: VfRequest;
        /**
         * In a live migration the hypervisor sends the device's state, so it stays plugged. Absent:
         * it is unplugged before.
         */
        isMigratable?: true;
        /**
         * The virtual NIC with the same MAC by which the guest continues while the VF is away.
         * Absent: it has none.
         */
        standby?: BridgeNic;
      }
    | {
        kind: 'macvtap';
        address: PciAddress;
        vlan: number | null;
        portProfileId: string | null;
        vf?: VfRequest;
        frontend: NicFrontend;
      }
    | { kind: 'hostdev-physical'; address: PciAddress }
    | { kind: 'vdpa'; address: PciAddress }
    | {
        kind: 'ovs';
        bridge: string;
        devName: string;
        interfaceId: string;
        frontend: NicFrontend;
      }
    | {
        kind: 'tap';
        devName: string;
        /** The agent makes the tap before the guest starts; else libvirt makes it. */
        madeByUs: boolean;
        /**
         * The port of Open vSwitch that the agent makes of it; absent: another program connects it.
         */
        ovs?: OvsPort;
        frontend: NicFrontend;
      }
    | {
        kind: 'vhostuser';
        socket: string;
        mode: 'client' | 'server';
        devName: string;
        frontend: NicFrontend;
      }
    | {
        kind: 'interface-macvtap';
        interface: string;
        mode: string;
        frontend: NicFrontend;
      }
    | {
        kind: 'qbg';
        interface: string;
        managerId: string;
        typeId: string;
        version: string;
        instanceId: string;
        frontend: NicFrontend;
      }
  );

/** A NIC that holds a PCI device of the host. */
export type PciGuestNic = Extract<GuestNic, { address: PciAddress }>;

/** Does this NIC hold a PCI device? */
export function isPciNic(nic: GuestNic): nic is PciGuestNic {
  return 'address' in nic;
}

/** The virtual NIC that stands in for this one; undefined: none does. */
export function standbyOf(nic: GuestNic): BridgeNic | undefined {
  return nic.kind === 'hostdev' ? nic.standby : undefined;
}

/** A PCI device of a flavor alias, passed through as it is. */
export interface GuestHostDevice {
  address: PciAddress;
  requestId: string;
  /**
   * true: its driver stays bound, libvirt neither unbinds nor rebinds it. Absent: libvirt manages
   * it.
   */
  isUnmanaged?: true;
}

/**
 * A guest that starts from a kernel of its own, not from the boot loader on its disk. Both are
 * images.
 */
export interface GuestKernel {
  imageId: string;
  ramdiskImageId: string | null;
  commandLine: string;
}

/**
 * A guest that starts from another image, to repair its own disk, which is its second one then.
 * `hardware`: what that image requires. Source: Nova `LibvirtDriver.rescue`.
 */
export interface GuestRescue {
  imageId: string;
  kernel: GuestKernel | null;
  hardware: GuestHardware;
}

/** A file of the config drive. Example path: `openstack/latest/meta_data.json`. */
export interface DriveFile {
  path: string;
  content: string;
  encoding: 'utf8' | 'base64';
}

/**
 * One guest, complete: what libvirt receives is derived from this (and the host's own facts) only.
 */
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
  /** Its disk starts as this image; null: an empty disk. */
  imageId: string | null;
  kernel: GuestKernel | null;
  /** null: it has no config drive. */
  configDrive: DriveFile[] | null;
  nics: GuestNic[];
  hostDevices: GuestHostDevice[];
  /** Absent: a q35 board, its disk through virtio. */
  hardware?: GuestHardware;
  /** Absent: it starts as usual. */
  rescue?: GuestRescue;
  /** Its NUMA cells, in order, with their places on the host; absent without a topology. */
  numa?: NumaShare[];
}

/** A guest that starts from its kernel may have no disk. */
export function hasDisk({
  imageId,
  diskGib,
  kernel,
}: Pick<Guest, 'imageId' | 'diskGib' | 'kernel'>): boolean {
  return imageId !== null || diskGib > 0 || kernel === null;
}
