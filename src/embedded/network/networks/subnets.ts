/** Subnets: create, find, change, remove. */
import type { NetworkRows, StoredSubnet } from '#contracts/store/network-store.ts';
import { parseAddress, parseCidr } from '../requests/address.ts';
import type { RequestedSubnet, RequestedSubnetChange } from '../requests/bodies.ts';
import { changed, type NetworkContext, newStored, owns, type Rights } from '../requests/context.ts';
import { invalidInput, NetworkError, notFound, readable } from '../requests/errors.ts';
import { findOwnNetwork, listNetworks, ownerFor, sees } from './networks.ts';
import { checkQuota } from '../requests/quota-check.ts';
import { changeSubnetPlan, planSubnet } from './subnet-plan.ts';

/** A subnet and whether its network is external, which its view shows. */
export interface SubnetOfNetwork {
  subnet: StoredSubnet;
  isExternal: boolean;
}

/** POST /v2.0/subnets. */
export async function createSubnet(
  context: NetworkContext,
  rights: Rights,
  requested: RequestedSubnet,
): Promise<SubnetOfNetwork> {
  checkLists(requested);
  return context.store.atomic(async (rows) => {
    const { network, subnets } = await findOwnNetwork(rows, rights, requested.network_id);
    const projectId = ownerFor(rights, requested, 'subnet') || network.projectId;
    await checkQuota(rows, context, { projectId, more: { subnet: 1 } });
    const ipVersion = requested.ip_version ?? (requested.cidr.includes(':') ? 6 : 4);
    const plan = planSubnet(
      {
        networkId: network.id,
        cidr: requested.cidr,
        ipVersion,
        gatewayIp: requested.gateway_ip,
        allocationPools: requested.allocation_pools,
      },
      subnets,
    );
    const { name = '', description = '' } = requested;
    const subnet: StoredSubnet = {
      ...newStored(context, { projectId, name, description }),
      ...plan,
      tags: [],
      networkId: network.id,
      ipVersion,
      dnsNameservers: requested.dns_nameservers ?? [],
      hostRoutes: requested.host_routes ?? [],
      enableDhcp: requested.enable_dhcp ?? true,
    };
    await rows.addSubnet(subnet);
    // Neutron counts a new subnet as a change of its network.
    await rows.updateNetwork(changed(context, network, {}), network);
    return { subnet, isExternal: network.external };
  });
}

/** The subnets of every network that these rights see. */
export async function listSubnets(
  context: NetworkContext,
  rights: Rights,
): Promise<SubnetOfNetwork[]> {
  const networks = await listNetworks(context, rights);
  return networks.flatMap(({ network, subnets }) =>
    subnets.map((subnet) => ({ subnet, isExternal: network.external })),
  );
}

/** Throws SubnetNotFound also for what these rights may not see. */
export async function findSubnet(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<SubnetOfNetwork> {
  const subnet = await findVisibleSubnet(context.store, rights, id);
  const network = await context.store.network(subnet.networkId);
  return { subnet, isExternal: network?.external ?? false };
}

/** As `findSubnet`, the subnet alone. */
export async function findVisibleSubnet(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredSubnet> {
  const subnet = await rows.subnet(id);
  const network = subnet && (await rows.network(subnet.networkId));
  if (subnet === undefined || network === undefined || !sees(rights, network)) {
    throw notFound('Subnet', id);
  }
  return readable('Subnet', subnet, rights);
}

/** PUT /v2.0/subnets/{id}. */
export async function updateSubnet(
  context: NetworkContext,
  rights: Rights,
  id: string,
  requested: RequestedSubnetChange,
): Promise<SubnetOfNetwork> {
  checkLists(requested);
  return context.store.atomic(async (rows) => {
    const before = await findOwnSubnet(rows, rights, id);
    const subnet = changed(context, before, {
      ...changeSubnetPlan(before, {
        gatewayIp: requested.gateway_ip,
        allocationPools: requested.allocation_pools,
      }),
      name: requested.name ?? before.name,
      description: requested.description ?? before.description,
      enableDhcp: requested.enable_dhcp ?? before.enableDhcp,
      dnsNameservers: listOr(before.dnsNameservers, requested.dns_nameservers),
      hostRoutes: listOr(before.hostRoutes, requested.host_routes),
    });
    await rows.updateSubnet(subnet, before);
    const network = await rows.network(subnet.networkId);
    return { subnet, isExternal: network?.external ?? false };
  });
}

/**
 * DELETE /v2.0/subnets/{id}, also of one whose record is damaged: refused while a port has an
 * address of it.
 */
export async function removeSubnet(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<void> {
  await context.store.atomic(async (rows) => {
    await findSubnetToRemove(rows, rights, id);
    const taken = await rows.takenAddresses(id);
    if (taken.size > 0) {
      throw new NetworkError(
        'conflict',
        'SubnetInUse',
        `Unable to complete operation on subnet ${id}: One or more ports have an IP allocation from this subnet (${[...taken].join(', ')}).`,
      );
    }
    await rows.removeSubnet(id);
  });
}

/** null empties a list. */
function listOr<T>(before: T[], given: T[] | null | undefined): T[] {
  return given === undefined ? before : (given ?? []);
}

/**
 * Throws SubnetNotFound, or PolicyNotAuthorized for one that these rights see on another project's
 * network.
 */
export async function findOwnSubnet(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredSubnet> {
  return readable('Subnet', await findSubnetToRemove(rows, rights, id), rights);
}

async function findSubnetToRemove(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredSubnet> {
  const subnet = await rows.subnet(id);
  const network = subnet && (await rows.network(subnet.networkId));
  if (subnet === undefined || network === undefined) throw notFound('Subnet', id);
  if (owns(rights, subnet) || owns(rights, network)) return subnet;
  if (!sees(rights, network)) throw notFound('Subnet', id);
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `Subnet ${id} belongs to another project: only its owner or an admin may change it.`,
  );
}

function checkLists(requested: {
  dns_nameservers?: string[] | null;
  host_routes?: { destination: string; nexthop: string }[] | null;
}): void {
  requested.dns_nameservers?.forEach((text, index) => {
    if (parseAddress(text) === undefined) {
      throw invalidInput(`subnet.dns_nameservers[${index}]: '${text}' is not an IP address`);
    }
  });
  requested.host_routes?.forEach(({ destination, nexthop }, index) => {
    const field = `subnet.host_routes[${index}]`;
    if (parseCidr(destination) === undefined) {
      throw invalidInput(`${field}.destination: '${destination}' is not a CIDR`);
    }
    if (parseAddress(nexthop) === undefined) {
      throw invalidInput(`${field}.nexthop: '${nexthop}' is not an IP address`);
    }
  });
}
