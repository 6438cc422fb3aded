/**
 * What a running guest has used since its start, as its hypervisor counts it. null: the hypervisor
 * does not count this.
 */
import type { PciAddress } from '#core/pci/devices/address.ts';

export interface GuestCounters {
  /** Processor time of each virtual CPU, in nanoseconds, in their order. */
  cpuNanoseconds: (number | null)[];
  memory: MemoryCounters;
  /** In the guest's order, its config drive included. */
  disks: DiskCounters[];
  /**
   * NICs with an interface on the host. A VF that is passed through has none: its agent adds what
   * the PF counts.
   */
  nics: NicCounters[];
}

/** In KiB. */
export interface MemoryCounters {
  maximum: number;
  /** What the guest's balloon leaves it. */
  current: number;
  /** What its process occupies on the host. */
  resident: number | null;
  /** What the guest's system does not use, as its balloon driver reports. */
  unused: number | null;
}

export interface DiskCounters {
  /** Example: `vda`. */
  name: string;
  readBytes: number | null;
  readRequests: number | null;
  writeBytes: number | null;
  writeRequests: number | null;
  errors: number | null;
}

/** By the guest's NIC. */
export interface Traffic {
  received: TrafficCounters;
  sent: TrafficCounters;
}

export interface NicCounters extends Traffic {
  /** The host's interface; `vf` and a number for a VF without one. Example: `tap6d0f5f54-9a`. */
  name: string;
  macAddress: string;
}

/** What a VF that a guest has received and sent, since its driver or its PF began to count. */
export interface VfTraffic extends Traffic {
  address: PciAddress;
}

export interface TrafficCounters {
  bytes: number | null;
  packets: number | null;
  errors: number | null;
  drops: number | null;
}
