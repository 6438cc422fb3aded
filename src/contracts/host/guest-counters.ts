/**
 * What a running guest has used since its start, as its hypervisor counts it. null: the hypervisor
 * does not count this.
 */

export interface GuestCounters {
  /** Processor time of each virtual CPU, in nanoseconds, in their order. */
  cpuNanoseconds: (number | null)[];
  memory: MemoryCounters;
  /** In the guest's order, its config drive included. */
  disks: DiskCounters[];
  /** NICs with an interface on the host; a VF that is passed through has none. */
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

/** `received` and `sent` by the guest's NIC. */
export interface NicCounters {
  /** The host's interface. Example: `tap6d0f5f54-9a`. */
  name: string;
  macAddress: string;
  received: TrafficCounters;
  sent: TrafficCounters;
}

export interface TrafficCounters {
  bytes: number | null;
  packets: number | null;
  errors: number | null;
  drops: number | null;
}
