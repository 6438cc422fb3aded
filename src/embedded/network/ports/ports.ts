/** Ports: create, find, remove. Changing them is in `port-change.ts`. */
import type {
  ListPage,
  NetworkRows,
  NetworkWithSubnets,
  PortFilter,
  StoredNetwork,
  StoredPort,
} from '#contracts/store/network-store.ts';
import { chooseAddresses } from './address-choice.ts';
import { bindPort } from './binding.ts';
import type { RequestedPort } from '../requests/bodies.ts';
import { type NetworkContext, newStored, owns, type Rights } from '../requests/context.ts';
import { NetworkError, notFound, readable } from '../requests/errors.ts';
import { checkMac, freeMac } from './mac-address.ts';
import { findNetwork, ownerFor } from '../networks/networks.ts';
import { refuseKeysOfNetworkOwner, refusePrivilegedPortKeys } from './port-policy.ts';
import { checkQuota } from '../requests/quota-check.ts';
import { groupsForPort, refuseGroupsWithoutSecurity } from '../security-groups/security-groups.ts';

/**
 * POST /v2.0/ports: with the requested address or the next free one, a MAC, and the project's
 * default security group.
 */
export async function createPort(
  context: NetworkContext,
  rights: Rights,
  requested: RequestedPort,
): Promise<StoredPort> {
  refusePrivilegedPortKeys('create', rights, requested);
  const projectId = ownerFor(rights, requested, 'port');
  return context.store.atomic(async (rows) => {
    const found = await findNetwork(rows, rights, requested.network_id);
    refuseExternalNetwork(rights, found.network);
    await refuseKeysOfNetworkOwner('create', {
      rights,
      requested,
      networkOf: () => found.network,
    });
    await checkQuota(rows, context, { projectId, more: { port: 1 } });
    const port = await newPort(rows, context, { requested, projectId, found });
    await rows.addPort(port);
    return port;
  });
}

async function newPort(
  rows: NetworkRows,
  context: NetworkContext,
  given: { requested: RequestedPort; projectId: string; found: NetworkWithSubnets },
): Promise<StoredPort> {
  const { requested, projectId } = given;
  const { network, subnets } = given.found;
  const portSecurityEnabled = requested.port_security_enabled ?? network.portSecurityEnabled;
  const { name = '', description = '', admin_state_up: adminStateUp = true } = requested;
  const groupIds =
    requested.security_groups === null
      ? []
      : (requested.security_groups ?? (portSecurityEnabled ? undefined : []));
  const securityGroupIds = await groupsForPort(rows, context, { projectId, groupIds });
  refuseGroupsWithoutSecurity({ portSecurityEnabled, securityGroupIds }, groupIds);
  const numaAffinityPolicy = requested.numa_affinity_policy ?? null;
  const stored = newStored(context, { projectId, name, description });
  const place = {
    id: stored.id,
    vnicType: requested['binding:vnic_type'] ?? 'normal',
    bindingHost: requested['binding:host_id'] ?? '',
  };
  return {
    ...stored,
    tags: requested.tags ?? [],
    revision: 1,
    networkId: network.id,
    macAddress:
      requested.mac_address === undefined
        ? await freeMac(rows, network.id)
        : await checkMac(rows, network.id, requested.mac_address),
    adminStateUp,
    deviceId: requested.device_id ?? '',
    deviceOwner: requested.device_owner ?? '',
    fixedIps: await chooseAddresses(rows, {
      networkId: network.id,
      subnets,
      requested: requested.fixed_ips,
    }),
    securityGroupIds,
    portSecurityEnabled,
    numaAffinityPolicy,
    ...place,
    profile: requested['binding:profile'] ?? {},
    ...bindPort({ ...place, portSecurityEnabled, adminStateUp }, network, context.hostMappings),
  };
}

/**
 * All that these rights see and the filter lets through: a project's own ports, and those of others
 * on its networks.
 */
export async function listPorts(
  { store }: NetworkContext,
  rights: Rights,
  filter: PortFilter,
): Promise<StoredPort[]> {
  return store.ports(visibleTo(rights, filter));
}

/** A part of that list; undefined where the port before it is not in the list. */
export async function listPortPage(
  { store }: NetworkContext,
  rights: Rights,
  { filter, page }: { filter: PortFilter; page: ListPage },
): Promise<StoredPort[] | undefined> {
  return store.portPage(visibleTo(rights, filter), page);
}

function visibleTo(rights: Rights, filter: PortFilter): PortFilter {
  return { ...filter, ...(!rights.isPrivileged && { visibleTo: rights.projectId }) };
}

/**
 * Throws PortNotFound also for what these rights may not see. Source: Neutron's default policy
 * `get_port`.
 */
export async function findPort(rows: NetworkRows, rights: Rights, id: string): Promise<StoredPort> {
  return readable('Port', await findPortToRemove(rows, rights, id), rights);
}

/** The same of a port whose record may be damaged. */
async function findPortToRemove(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredPort> {
  const port = await rows.port(id);
  if (port === undefined) throw notFound('Port', id);
  if (owns(rights, port)) return port;
  const network = await rows.network(port.networkId);
  if (network === undefined || !owns(rights, network)) throw notFound('Port', id);
  return port;
}

/**
 * As `findPort`; throws `forbidden` for another project's port on the caller's network. Source:
 * Neutron's default policy `update_port`.
 */
export async function findOwnPort(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredPort> {
  const port = await findPort(rows, rights, id);
  if (owns(rights, port)) return port;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `rule:update_port is disallowed by policy: port ${id} belongs to another project: only its owner or an admin may change it.`,
  );
}

/**
 * DELETE /v2.0/ports/{id}, also of one whose record is damaged, as it was: for its owner and for
 * the owner of its network. A server's port may go, as in Neutron; ports that belong to the network
 * itself may not. Source: Neutron's default policy `delete_port`.
 */
export async function removePort(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<StoredPort> {
  return context.store.atomic(async (rows) => {
    const port = await findPortToRemove(rows, rights, id);
    const { deviceOwner } = port;
    if (deviceOwner.startsWith('network:')) {
      throw new NetworkError(
        'conflict',
        'ServicePortInUse',
        `Port ${id} cannot be deleted directly via the port API: has device owner ${deviceOwner}.`,
      );
    }
    await rows.removePort(id);
    return port;
  });
}

function refuseExternalNetwork(rights: Rights, network: StoredNetwork): void {
  if (owns(rights, network) || network.shared) return;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `port.network_id: ports on the external network ${network.id} may be made only with the role admin or service.`,
  );
}
