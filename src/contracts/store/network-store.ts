/**
 * The data of the embedded network service: networks with their segment, subnets, ports with their
 * addresses, security groups.
 */
import type { PortBinding } from '#core/networking/binding/port-bindings.ts';
import type { FixedIp } from '#core/networking/port.ts';
import type { NumaPolicy } from '#core/pci/requests/request.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';

/** Fields of every record. Times are epoch milliseconds; `revision` grows with each change. */
export interface Stored {
  id: string;
  projectId: string;
  name: string;
  description: string;
  revision: number;
  createdAt: number;
  updatedAt: number;
  /** The parts of its record that cannot be read, and are empty here. Absent: none. */
  damage?: string;
}

/** The fields by which a project labels its records. */
export interface Tagged extends Stored {
  tags: string[];
}

/**
 * `segmentationId` null unless it is a VLAN; `physicalNetwork` null for a local network, which
 * stays within one host.
 */
export interface StoredNetwork extends Tagged {
  adminStateUp: boolean;
  shared: boolean;
  external: boolean;
  /** The default for its ports. */
  portSecurityEnabled: boolean;
  mtu: number;
  networkType: 'vlan' | 'flat' | 'local' | 'vxlan' | 'geneve' | 'gre';
  physicalNetwork: string | null;
  segmentationId: number | null;
}

/** Both ends are included. Example: `{ start: '10.0.0.2', end: '10.0.0.254' }`. */
export interface AllocationPool {
  start: string;
  end: string;
}

export interface HostRoute {
  destination: string;
  nexthop: string;
}

export interface StoredSubnet extends Tagged {
  networkId: string;
  ipVersion: 4 | 6;
  cidr: string;
  gatewayIp: string | null;
  allocationPools: AllocationPool[];
  dnsNameservers: string[];
  hostRoutes: HostRoute[];
  enableDhcp: boolean;
}

/** A network and its subnets, oldest first. */
export interface NetworkWithSubnets {
  network: StoredNetwork;
  subnets: StoredSubnet[];
}

export interface StoredPort extends Tagged {
  networkId: string;
  macAddress: string;
  adminStateUp: boolean;
  status: 'DOWN' | 'ACTIVE';
  deviceId: string;
  deviceOwner: string;
  fixedIps: FixedIp[];
  securityGroupIds: string[];
  portSecurityEnabled: boolean;
  vnicType: VnicType;
  /** The device's NUMA affinity to the guest; null: as flavor and image specify. */
  numaAffinityPolicy: NumaPolicy | null;
  bindingHost: string;
  profile: Record<string, unknown>;
  vifType: string;
  vifDetails: Record<string, unknown>;
}

/** An inactive binding of a port on a host. The active one is stored in the port. */
export type StoredPortBinding = Omit<PortBinding, 'isActive'> & { portId: string };

export type StoredSecurityGroup = Tagged;

/** null means any. */
export interface StoredSecurityGroupRule extends Omit<Stored, 'name'> {
  securityGroupId: string;
  direction: 'ingress' | 'egress';
  ethertype: 'IPv4' | 'IPv6';
  protocol: string | null;
  portRangeMin: number | null;
  portRangeMax: number | null;
  remoteIpPrefix: string | null;
  remoteGroupId: string | null;
}

/** What can be counted by project. */
export type CountedKind =
  | 'networks'
  | 'subnets'
  | 'ports'
  | 'securityGroups'
  | 'securityGroupRules';

export interface PortFilter {
  /** The existing ones among these ids. */
  ids?: readonly string[];
  projectId?: string;
  /** The project owns the port, or its network. */
  visibleTo?: string;
  networkId?: string;
  deviceId?: string;
  name?: string;
}

/** At most `limit` that follow the one with the id `after`; absent: the first ones. */
export interface ListPage {
  after?: string;
  limit: number;
}

/**
 * Reads and writes. Reads of one return undefined when there is none, and of a damaged record the
 * readable part; lists are oldest first, without damaged records. Adding what breaks uniqueness (a
 * segment, a MAC on its network, an address in its subnet) throws `conflict`. `before` of an
 * update: the record as read in this transaction; what is equal in it is not written again.
 */
export interface NetworkRows {
  /**
   * How many of them belong to the project, and the limit that was set for it; null: none was. It
   * is one statement.
   */
  usage(kind: CountedKind, projectId: string): Promise<{ used: number; limit: number | null }>;
  /** -1: no limit. */
  setLimit(projectId: string, kind: CountedKind, limit: number): Promise<void>;
  /** Whether any was set. */
  clearLimits(projectId: string): Promise<boolean>;

  addNetwork(network: StoredNetwork): Promise<void>;
  network(id: string): Promise<StoredNetwork | undefined>;
  networkWithSubnets(id: string): Promise<NetworkWithSubnets | undefined>;
  networks(): Promise<StoredNetwork[]>;
  updateNetwork(network: StoredNetwork, before?: StoredNetwork): Promise<void>;
  /** Deletes its subnets too. */
  removeNetwork(id: string): Promise<void>;

  addSubnet(subnet: StoredSubnet): Promise<void>;
  subnet(id: string): Promise<StoredSubnet | undefined>;
  subnets(networkId?: string): Promise<StoredSubnet[]>;
  updateSubnet(subnet: StoredSubnet, before?: StoredSubnet): Promise<void>;
  removeSubnet(id: string): Promise<void>;

  addPort(port: StoredPort): Promise<void>;
  port(id: string): Promise<StoredPort | undefined>;
  ports(filter: PortFilter): Promise<StoredPort[]>;
  /**
   * A part of that list, without reading the rest. undefined where the port before it is not in the
   * list.
   */
  portPage(filter: PortFilter, page: ListPage): Promise<StoredPort[] | undefined>;
  /** The security groups of each of these ports that exist, by port. */
  portGroups(ids: readonly string[]): Promise<Map<string, readonly string[]>>;
  /** Including damaged ones. */
  portIdsOn(networkId: string): Promise<string[]>;
  updatePort(port: StoredPort, before?: StoredPort): Promise<void>;
  /**
   * The same in one statement, for a port whose addresses stay, read in no transaction. False, and
   * nothing is written, when the port has changed since, or is gone.
   */
  replacePort(port: StoredPort, before: StoredPort): Promise<boolean>;
  removePort(id: string): Promise<void>;
  /** Throws `conflict` for a second one on a host. They are deleted with their port. */
  addPortBinding(binding: StoredPortBinding): Promise<void>;
  /** By host. */
  portBindings(portId: string): Promise<StoredPortBinding[]>;
  removePortBinding(portId: string, host: string): Promise<void>;
  isMacTaken(networkId: string, macAddress: string): Promise<boolean>;
  isAddressTaken(subnetId: string, ipAddress: string): Promise<boolean>;
  /**
   * The lowest address that no port of this subnet has, of the first of these ranges that has one.
   * It is one statement, and costs the same however many are taken. In a transaction only.
   */
  freeAddress(subnetId: string, ranges: readonly AllocationPool[]): Promise<string | undefined>;
  /** Addresses that ports have in this subnet. */
  takenAddresses(subnetId: string): Promise<Set<string>>;

  addSecurityGroup(group: StoredSecurityGroup, rules: StoredSecurityGroupRule[]): Promise<void>;
  securityGroup(id: string): Promise<StoredSecurityGroup | undefined>;
  /** The group named `default`. */
  defaultSecurityGroup(projectId: string): Promise<StoredSecurityGroup | undefined>;
  securityGroups(projectId?: string): Promise<StoredSecurityGroup[]>;
  /** The existing ones among these ids, in any order; of a damaged one the readable part. */
  securityGroupsOf(ids: readonly string[]): Promise<StoredSecurityGroup[]>;
  updateSecurityGroup(group: StoredSecurityGroup, before?: StoredSecurityGroup): Promise<void>;
  /** Deletes its rules too. */
  removeSecurityGroup(id: string): Promise<void>;
  addSecurityGroupRule(rule: StoredSecurityGroupRule): Promise<void>;
  securityGroupRules(projectId?: string): Promise<StoredSecurityGroupRule[]>;
  /** Those of these groups. */
  securityGroupRulesOf(groupIds: readonly string[]): Promise<StoredSecurityGroupRule[]>;
  securityGroupRule(id: string): Promise<StoredSecurityGroupRule | undefined>;
  removeSecurityGroupRule(id: string): Promise<void>;
}

export interface NetworkStore extends NetworkRows {
  /**
   * Runs the work as one transaction over `rows`; an error rolls it back. The work must use `rows`
   * only.
   */
  atomic<T>(work: (rows: NetworkRows) => Promise<T>): Promise<T>;
}
