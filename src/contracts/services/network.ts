/**
 * The network service as the compute side needs it: ports, networks, binding. Embedded, or a real
 * Neutron.
 */
import type { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { NewPortBinding, PortBinding } from '#core/networking/binding/port-bindings.ts';
import type { Network, Port, PortChange, UsableNetwork } from '#core/networking/port.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import type { Caller } from './identity.ts';

/**
 * On whose behalf: the user's own token (tenancy is the network service's to judge), or the
 * service's own rights.
 */
export type Acting = Caller | 'service';

export interface NewPort {
  networkId: string;
  projectId: string;
  deviceId: string;
  fixedIp: string | null;
  /** Absent: the network service's own choice, the group `default`. */
  securityGroupIds?: readonly string[];
}

/** Of one project, or those of these ids. */
export type WantedSecurityGroups = { projectId: string } | { ids: readonly string[] };

export interface NetworkService {
  /**
   * As the caller sees it: without what belongs to the binding. Throws `notFound` when it does not
   * exist or is not the caller's to see.
   */
  showPort(id: string, caller: Caller): Promise<Port>;
  /** As the caller sees it. Throws `notFound` like `showPort`. */
  findNetwork(id: string, caller: Caller): Promise<UsableNetwork>;
  /** Networks the project may boot on: its own, else shared ones. */
  listBootableNetworks(caller: Caller): Promise<UsableNetwork[]>;
  /** With subnets and segments, seen with the service's rights. Throws `notFound`. */
  showNetwork(id: string): Promise<Network>;
  /** These ports, whole, with the service's rights; those that do not exist are left out. */
  listPorts(ids: readonly string[]): Promise<Port[]>;
  /**
   * Every port whose `device_id` is this server, seen with the service's rights: what a server
   * still holds, whatever our rows say.
   */
  listServerPorts(serverId: string): Promise<Port[]>;
  /**
   * Who wires ports on which host. Empty where ports are bound without agents. A list may be half a
   * minute old, but not with `isDoubted`: when something has just turned out otherwise.
   */
  listAgents(isDoubted?: boolean): Promise<NetworkAgents>;
  /**
   * Those that the caller may see, with their rules. An id that does not exist is left out. With
   * `isForShow` the answer may be one second old, as this caller's token got it: for names in
   * views, which are asked for again and again.
   */
  listSecurityGroups(
    wanted: WantedSecurityGroups,
    caller: Caller,
    isForShow?: boolean,
  ): Promise<SecurityGroup[]>;
  /**
   * With the caller's own rights. Throws `conflict` (address in use, none left), `overQuota`, or
   * `forbidden`.
   */
  createPort(port: NewPort, caller: Caller): Promise<Port>;
  /**
   * Applies the change with the service's rights and returns the port as read back. `vifType`
   * 'binding_failed' is an answer, not an error.
   */
  updatePort(id: string, change: PortChange): Promise<Port>;
  /** Deleting a port that is gone is no error. */
  deletePort(id: string): Promise<void>;

  /**
   * The bindings of a server's port, for moves, which are yet to come: nothing calls these four
   * until then. All throw `notFound` for a port that is not there, and `invalid` for one that no
   * server has. Source: Neutron's extension `binding-extended`.
   */
  listPortBindings(portId: string): Promise<PortBinding[]>;
  /**
   * One that waits on its host. Throws `conflict` when the port has one there, `unavailable` when
   * nobody there could bind it.
   */
  addPortBinding(portId: string, binding: NewPortBinding): Promise<PortBinding>;
  /**
   * The port is on that host from now on, and the binding that was active waits. Throws `conflict`
   * when it is active already, `notFound`.
   */
  activatePortBinding(portId: string, host: string): Promise<void>;
  /** Of a host where the port waits. Removing one that is gone is no error. */
  removePortBinding(portId: string, host: string): Promise<void>;
}
