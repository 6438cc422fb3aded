/** The scheduler's input for one request. */
import type { BindingNeed } from '../networking/binding/binding-need.ts';
import type { NetworkAgents } from '../networking/binding/network-agents.ts';
import type { PciRequest } from '../pci/requests/request.ts';
import type { GuestNuma } from '../servers/guest-numa.ts';
import type { GroupPolicy } from '../servers/server-group.ts';

/**
 * `memoryMib`, `diskGib` are of one server; `vcpus` those that share processors (0 for a pinned
 * guest). Filters read this and a HostState, nothing else.
 */
export interface RequestSpec {
  serverId: string;
  projectId: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  pciRequests: PciRequest[];
  /** Absent or null: the guest has no NUMA topology. */
  numa?: GuestNuma | null;
  /** Zone the user requested, or null for any. */
  availabilityZone: string | null;
  /** Administrator's choice of host (`az:host`), or null. */
  forcedHost: string | null;
  /** Hosts that were tried for this server and failed, with the reason. */
  failedHosts: { host: string; reason: string }[];
  /** What its flavor requires of the metadata of a host's aggregates; absent: nothing. */
  aggregateSpecs?: readonly SpecRequirement[];
  /** The guest comes with its disk from another host, which must be able to receive it. */
  needsTransfer?: boolean;
  /** Absent or null: it is in no server group. */
  group?: SpecGroup | null;
  /** Hosts of the servers it must share a host with; absent or null: no such request. */
  sameHost?: readonly string[] | null;
  /** Hosts of the servers it must not share a host with. */
  differentHost?: readonly string[];
  /** Absent or null: which agents could bind its ports is unknown. */
  binding?: SpecBinding | null;
}

/**
 * `required`: a text, or an operator and its words. Example: `{ key: 'cores', required: '>= 8' }`.
 */
export interface SpecRequirement {
  key: string;
  required: string;
}

/** What the server's ports need, one each, and the existing agents. */
export interface SpecBinding {
  needs: readonly BindingNeed[];
  agents: NetworkAgents;
}

/**
 * `hosts`: how many of the group's other servers are on each host, by its name; a host that has
 * none is left out.
 */
export interface SpecGroup {
  name: string;
  policy: GroupPolicy;
  maxServersPerHost: number;
  hosts: ReadonlyMap<string, number>;
}
