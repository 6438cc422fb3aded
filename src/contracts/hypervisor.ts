/** The hypervisor of one host. A simulated one and libvirt pass the same suite. */
import type { Guest } from '#core/guests/guest.ts';
import type { FoundGuest } from '#core/guests/plan.ts';
import type { HostNumaNode } from '#core/scheduling/numa-fit.ts';

/** What a host has to offer, apart from PCI devices. */
export interface HypervisorFacts {
  type: string;
  version: number;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  cpuModel: string;
  architecture: string;
  /** Absent: it reports no NUMA nodes. */
  numaNodes?: HostNumaNode[];
}

export type { FoundGuest };

/** Every act is idempotent: doing it again when it is done changes nothing and is no error. */
export interface Hypervisor {
  facts(): Promise<HypervisorFacts>;
  listGuests(): Promise<FoundGuest[]>;
  /** Makes the guest known, not started. `macvtapSources`: the VF's netdev by PCI address, for macvtap NICs. */
  define(guest: Guest, macvtapSources: Record<string, string>): Promise<void>;
  /** Throws `conflict` when a device of it is in use by another running guest. */
  start(guestId: string): Promise<void>;
  /** Cuts the power. */
  destroy(guestId: string): Promise<void>;
  undefine(guestId: string): Promise<void>;
  /** The domain XML as defined, or undefined when there is no such guest. */
  domainXml(guestId: string): Promise<string | undefined>;
}
