/** Hosts as the store keeps them. */
import type { HostAggregate } from '#core/hosts/aggregate.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { LedgerEntry } from '#core/ledger/host-ledger.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { DeviceEvent } from '#core/pci/claims/device-events.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { HostNuma } from '#core/scheduling/numa-fit.ts';
import type { HypervisorFacts } from '../host/hypervisor.ts';

/**
 * A row of `compute_nodes`. `lastSeenAt`: the agent's last message. Times are epoch milliseconds.
 */
export interface Host {
  id: string;
  /** Numbers hosts in the order of registration, from 1. */
  number: number;
  name: string;
  generation: number;
  /** Its aggregates', or `nova`. */
  availabilityZone: string;
  /** In the order of their creation. */
  aggregates: HostAggregate[];
  hostIp: string;
  /** Those that its ports reach; empty until its first report. */
  physicalNetworks: string[];
  facts: HypervisorFacts;
  vcpusUsed: number;
  memoryMibUsed: number;
  diskGibUsed: number;
  /** Counted from its servers at each read. */
  runningGuests: number;
  /** `compute_nodes.numa_topology`. */
  numa: HostNuma;
  /** `compute_nodes.pci_stats`. */
  pciStats: PciDevicePool[];
  enabled: boolean;
  disabledReason: string | null;
  forcedDown: boolean;
  /** The problems that its agent reports. */
  problems: HostProblem[];
  lastSeenAt: number;
  createdAt: number;
}

/**
 * A host as lists show it: without the documents that placing servers needs, which are most of its
 * row.
 */
export type HostSummary = Omit<
  Host,
  'aggregates' | 'physicalNetworks' | 'numa' | 'pciStats' | 'problems'
>;

/** The generation, and what changes without it. */
export type HostVersion = Pick<
  Host,
  'id' | 'generation' | 'enabled' | 'disabledReason' | 'forcedDown' | 'lastSeenAt'
>;

/** The hosts that changed since a mark, the ids of those that were removed, and the next mark. */
export interface ChangedHosts {
  versions: HostVersion[];
  removed: string[];
  mark: ChangeMark;
}

/** A place in the changes of hosts, for the store that returned it only. */
export type ChangeMark = number | string;

/** Changes to a host, valid only while its generation is still `generation`. */
export interface HostChange extends LedgerEntry {
  hostId: string;
  generation: number;
  /** Addresses whose rows are deleted. */
  removedDevices?: string[];
  facts?: HypervisorFacts;
  hostIp?: string;
  physicalNetworks?: string[];
  enabled?: boolean;
  disabledReason?: string | null;
  forcedDown?: boolean;
  lastSeenAt?: number;
  /**
   * The number of the agent's link that the change was reported by: it is stale once the host has a
   * newer one. Absent: it is not compared.
   */
  link?: number;
}

/** A host before its first report. */
export type NewHost = Pick<Host, 'name' | 'availabilityZone' | 'hostIp' | 'facts'>;

/** One page of all hosts. `after`: absent for the first page. */
export type HostPage = { limit: number } & (
  | { by: 'name'; after?: string }
  | { by: 'number'; after?: number }
);

/** An event of a device, with the port of its holder then, where there was one. */
export interface RecordedDeviceEvent extends DeviceEvent {
  /** Numbers events in their order. */
  id: number;
  at: number;
  portId: string | null;
  /** As the port was bound; null: it was not. */
  vif: Vif | null;
}

/** One page of the history of a device. */
export interface DeviceHistoryPage {
  hostId: string;
  address: string;
  limit: number;
  /** Only events before this one. */
  before?: number;
}

export interface HostStore {
  /** Registers the host, or returns the existing row. */
  register(host: NewHost): Promise<Host>;
  /**
   * The same for several hosts of different names, in one transaction. Returns their rows in the
   * order given.
   */
  registerAll(hosts: readonly NewHost[]): Promise<Host[]>;
  get(id: string): Promise<Host | undefined>;
  /** What shows whether the host changed; undefined when unknown. */
  version(id: string): Promise<HostVersion | undefined>;
  /** By name, however many. Yields to other work while it reads many. */
  list(): Promise<Host[]>;
  /**
   * The next hosts in the order. Example: `{ by: 'number', after: 20, limit: 10 }`: hosts 21 to 30,
   * if none of them was removed.
   */
  page(page: HostPage): Promise<Host[]>;
  /** The same hosts as `page` returns, as lists show them. */
  summaries(page: HostPage): Promise<HostSummary[]>;
  /** Those of these ids that exist, in any order. Example: the hosts of a page of servers. */
  summariesOf(ids: readonly string[]): Promise<HostSummary[]>;
  /** undefined when unknown. */
  named(name: string): Promise<Host | undefined>;
  /**
   * The hosts whose version changed since the mark of an earlier call, by any process; without one:
   * all. The cost is that of the hosts that changed.
   */
  changedSince(mark?: ChangeMark): Promise<ChangedHosts>;
  /**
   * The changes of servers' claims that this store has committed since the number `upTo` of an
   * earlier call, oldest first; from 0: all that are kept. Only the newest are kept: whoever misses
   * one finds another generation, and reads the host again.
   */
  recorded(since: number): { changes: readonly HostChange[]; upTo: number };
  /**
   * In address order. Read the host first: a change in between then makes its generation stale, so
   * that no commit builds on it.
   */
  devices(hostId: string): Promise<PciDevice[]>;
  /** The same of several hosts, by host id; a host without devices is absent. */
  devicesOf(hostIds: readonly string[]): Promise<Map<string, PciDevice[]>>;
  /** What became of a device, newest first. Old events are pruned. */
  deviceHistory(page: DeviceHistoryPage): Promise<RecordedDeviceEvent[]>;
  /** The devices that a server holds, by host id; while it moves there are two hosts. */
  heldBy(serverId: string): Promise<Map<string, PciDevice[]>>;
  /** Writes a change outside any workflow (inventory). */
  update(change: HostChange): Promise<'ok' | 'stale-host'>;
  /**
   * Writes changes of different hosts in one transaction, each only if it is not stale. Returns the
   * ids of the hosts whose change was written.
   */
  updateAll(changes: readonly HostChange[]): Promise<Set<string>>;
  seen(hostId: string, at: number): Promise<void>;
  /**
   * Writes the last contact of several hosts, by host id, in one transaction. A host whose last
   * contact is 0 keeps that.
   */
  stillSeen(times: ReadonlyMap<string, number>): Promise<void>;
  /** Sets the last contact of every host to 0, except of those with these names. */
  unseenAllBut(names: readonly string[]): Promise<void>;
  /**
   * Removes the host with its devices and commands, and ends the tasks of deleted servers that wait
   * for it. Throws `conflict`, naming the servers, while servers are on it. An unknown host is no
   * error.
   */
  forget(hostId: string): Promise<void>;
}
