/** All the scheduler needs to know of what is asked. */
import type { PciRequest } from '../pci/request.ts';
import type { GuestNuma } from '../servers/guest-numa.ts';

/** `memoryMib`, `diskGib` are of one server; `vcpus` those that share processors (0 for a pinned guest). Filters read this and a HostState, nothing else. */
export interface RequestSpec {
  serverId: string;
  projectId: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  pciRequests: PciRequest[];
  /** Absent or null: the guest has no NUMA topology. */
  numa?: GuestNuma | null;
  /** Zone the user asked for, or null for any. */
  availabilityZone: string | null;
  /** Administrator's choice of host (`az:host`), or null. */
  forcedHost: string | null;
  /** Hosts that were tried for this server and failed, with the reason. */
  failedHosts: { host: string; reason: string }[];
}
