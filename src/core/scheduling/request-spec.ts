/** All the scheduler needs to know of what is asked. */
import type { PciRequest } from '../pci/request.ts';

/** `memoryMib`, `diskGib` are of one server. Filters read this and a HostState, nothing else. */
export interface RequestSpec {
  serverId: string;
  projectId: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  pciRequests: PciRequest[];
  /** Zone the user asked for, or null for any. */
  availabilityZone: string | null;
  /** Administrator's choice of host (`az:host`), or null. */
  forcedHost: string | null;
  /** Hosts that were tried for this server and failed, with the reason. */
  failedHosts: { host: string; reason: string }[];
}
