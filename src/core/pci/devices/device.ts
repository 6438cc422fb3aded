/**
 * A PCI function as a host reports it, and as Novella stores it. The rules of claiming it are in
 * `claim.ts`.
 */
import type { PciAddress } from './address.ts';

/**
 * Wire spelling of Nova's `dev_type`. type-PCI: has no SR-IOV; type-PF: can make VFs; type-VF: made
 * by a PF.
 */
export type PciDeviceType = 'type-PCI' | 'type-PF' | 'type-VF' | 'vdpa';

/**
 * available → claimed (chosen for a server) → allocated (its guest runs). `unclaimable`: a VF of it
 * is claimed or its PF is claimed; `unavailable`: the same once allocated. `missing`: held by a
 * server, no longer reported by the host. `removed`: gone. Source: Nova `PciDeviceStatus`;
 * `missing` is Novella's (a held row is never dropped).
 */
export type PciDeviceStatus =
  | 'available'
  | 'claimed'
  | 'allocated'
  | 'unclaimable'
  | 'unavailable'
  | 'missing'
  | 'removed';

/** What discovery found beyond the identity of a function; absent keys were not found. */
export interface PciCapabilities {
  /** Of a VF: the MAC of its PF and its number on that PF. */
  sriov?: { pfMacAddress?: string; vfNum?: number };
  /** Vital product data: the serial of the card. */
  vpd?: { cardSerialNumber?: string };
  /** Offloads of its netdev, libvirt's names. Example: `['rx', 'tx', 'sg']`. */
  network?: string[];
}

/** One PCI function as the host reports it now: facts only. Ids are four lower-case hex digits. */
export interface PciFunction {
  address: PciAddress;
  vendorId: string;
  productId: string;
  deviceType: PciDeviceType;
  /** The PF of a VF; null for all else. */
  parentAddress: PciAddress | null;
  /** null when not reported (sysfs shows -1). */
  numaNode: number | null;
  /** Its own network interface, when a driver made one; of several, the one of its first port. */
  ifname: string | null;
  /** Its other interfaces: some NICs have all their ports on one function. Absent: none. */
  otherIfnames?: string[];
  /** The network interface of its PF. */
  parentIfname: string | null;
  /** The other interfaces of its PF. Absent: none. */
  otherParentIfnames?: string[];
  /** Of a PF: the product id of its VFs (sysfs `sriov_vf_device`); absent where unknown. */
  vfProductId?: string;
  /** Of a PF with a netdev: its MAC. */
  macAddress: string | null;
  capabilities: PciCapabilities;
  /**
   * Is it an InfiniBand controller, which needs no network interface of the host? Absent: it is
   * not, or was not checked.
   */
  isInfiniBand?: true;
  /** Of a PF: has its interface a carrier? null: it has no interface. Absent: not checked. */
  link?: 'up' | 'down' | null;
  /**
   * Why it must not be handed out: its host could not clean it, or cannot set it up. Absent: it
   * may.
   */
  quarantine?: string;
}

/**
 * Tags of the device spec that admitted a device: text values, null where the operator wrote null.
 */
export type DeviceTags = Record<string, string | null>;

/** A function that the host's device specs admit, with the tags of the entry. */
export interface ReportedDevice {
  function: PciFunction;
  tags: DeviceTags;
}

/** A function that the operator offers to guests, with the tags of its entry and its holder. */
export interface PciDevice extends PciFunction {
  tags: DeviceTags;
  status: PciDeviceStatus;
  /** The server that holds it (claimed or allocated), else null. */
  serverId: string | null;
  /** The PciRequest it was taken for, else null. */
  requestId: string | null;
  /**
   * What its host reports at the address of a held device, where that is another device or has
   * other tags: the row keeps what was claimed until the device is released, then becomes this.
   * Absent: nothing differs. Source: Nova `PciDevTracker.stale`.
   */
  found?: ReportedDevice;
}
