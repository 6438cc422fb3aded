/**
 * The network service as the compute side needs it: ports, networks, binding. Embedded, or a real
 * Neutron.
 */
import type { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { NewPortBinding, PortBinding } from '#core/networking/binding/port-bindings.ts';
import type {
  FloatingIp,
  Network,
  Port,
  PortChange,
  UsableNetwork,
} from '#core/networking/port.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import type { Caller } from './identity.ts';

/**
 * The caller's identity: the user's own token (the network service enforces tenancy), or the
 * service's own rights.
 */
export type Acting = Caller | 'service';

export interface NewPort {
  networkId: string;
  projectId: string;
  deviceId: string;
  fixedIp: string | null;
  /** Absent: the network service's default, the group `default`. */
  securityGroupIds?: readonly string[];
}

/** `complete`: the same port as `listPorts` returns it, where it was read along. */
export type SeenPort = Port & { complete?: Port };

/** Of one project, or those of these ids. */
export type WantedSecurityGroups = { projectId: string } | { ids: readonly string[] };

export interface NetworkService {
  /**
   * As visible to the caller: without binding data. Throws `notFound` when it does not exist or is
   * not visible to the caller.
   */
  showPort(id: string, caller: Caller): Promise<SeenPort>;
  /** As visible to the caller. Throws `notFound` like `showPort`. */
  findNetwork(id: string, caller: Caller): Promise<UsableNetwork>;
  /** Networks the project may boot on: its own, else shared ones. */
  listBootableNetworks(caller: Caller): Promise<UsableNetwork[]>;
  /** With subnets and segments, read with the service's rights. Throws `notFound`. */
  showNetwork(id: string): Promise<Network>;
  /** These ports, complete, with the service's rights; those that do not exist are left out. */
  listPorts(ids: readonly string[]): Promise<Port[]>;
  /**
   * The security groups of each of these ports, by port, read with the service's rights; ports that
   * do not exist are left out. For views of many servers.
   */
  listPortGroups(ids: readonly string[]): Promise<Map<string, readonly string[]>>;
  /**
   * Every port whose `device_id` is this server, read with the service's rights: what a server
   * still holds, regardless of our rows.
   */
  listServerPorts(serverId: string): Promise<Port[]>;
  /**
   * The floating IPs that lead to these ports, read with the service's rights. Empty where the
   * network service has none.
   */
  listFloatingIps(portIds: readonly string[]): Promise<FloatingIp[]>;
  /**
   * Which agents wire ports on which host. Empty where ports are bound without agents. A list may
   * be half a minute old, but not with `isDoubted`: when something contradicted it.
   */
  listAgents(isDoubted?: boolean): Promise<NetworkAgents>;
  /**
   * Groups visible to the caller, with their rules. An id that does not exist is left out. With
   * `isDisplayOnly` they may come without rules, and the answer may be one second old, as this
   * caller's token got it: for names in views, which are requested repeatedly.
   */
  listSecurityGroups(
    wanted: WantedSecurityGroups,
    caller: Caller,
    isDisplayOnly?: boolean,
  ): Promise<SecurityGroup[]>;
  /**
   * With the caller's own rights. Throws `conflict` (address in use, none left), `overQuota`, or
   * `forbidden`.
   */
  createPort(port: NewPort, caller: Caller): Promise<Port>;
  /**
   * Applies the change with the service's rights and returns the port as read back. `vifType`
   * 'binding_failed' is a result, not an error.
   */
  updatePort(id: string, change: PortChange): Promise<Port>;
  /** Deleting a port that no longer exists is no error. */
  deletePort(id: string): Promise<void>;

  /**
   * The bindings of a server's port, for moves, which do not exist yet: nothing calls these four
   * until then. All throw `notFound` for a port that does not exist, and `invalid` for one without
   * a server. Source: Neutron's extension `binding-extended`.
   */
  listPortBindings(portId: string): Promise<PortBinding[]>;
  /**
   * Creates an inactive binding on its host. Throws `conflict` when the port has one there,
   * `unavailable` when no agent there could bind it.
   */
  addPortBinding(portId: string, binding: NewPortBinding): Promise<PortBinding>;
  /**
   * Activates the port's binding on that host, and deactivates the previous one. Throws `conflict`
   * when it is active already, `notFound`.
   */
  activatePortBinding(portId: string, host: string): Promise<void>;
  /** Deletes the inactive binding of a host. Deleting one that no longer exists is no error. */
  removePortBinding(portId: string, host: string): Promise<void>;
}
