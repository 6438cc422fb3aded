/** Networks: create, find, change, remove. */
import type {
  NetworkRows,
  NetworkWithSubnets,
  StoredNetwork,
} from '#contracts/store/network-store.ts';
import type { RequestedNetwork, RequestedNetworkChange } from '../requests/bodies.ts';
import { changed, type NetworkContext, newStored, owns, type Rights } from '../requests/context.ts';
import { adminOnly, invalidInput, NetworkError, notFound, readable } from '../requests/errors.ts';
import { checkQuota } from '../requests/quota-check.ts';
import { type RequestedSegment, chooseSegment } from './segment.ts';

const adminKeys = [
  'provider:network_type',
  'provider:physical_network',
  'provider:segmentation_id',
  'shared',
  'router:external',
] as const;

/** POST /v2.0/networks. Without provider keys: a free VLAN id of the configured ranges. */
export async function createNetwork(
  context: NetworkContext,
  rights: Rights,
  requested: RequestedNetwork,
): Promise<NetworkWithSubnets> {
  refuseAdminKeys('create', rights, requested);
  const mtu = checkMtu(requested.mtu) ?? 1500;
  const network = await context.store.atomic(async (rows) => {
    const projectId = ownerFor(rights, requested, 'network');
    await checkQuota(rows, context, { projectId, more: { network: 1 } });
    const segment = chooseSegment(requested, context.physicalNetworks(), await rows.networks());
    const { name = '', description = '' } = requested;
    const network: StoredNetwork = {
      ...newStored(context, { projectId, name, description }),
      ...segment,
      tags: [],
      revision: 1,
      adminStateUp: requested.admin_state_up ?? true,
      shared: requested.shared ?? false,
      external: requested['router:external'] ?? false,
      portSecurityEnabled: requested.port_security_enabled ?? true,
      mtu,
    };
    await rows.addNetwork(network);
    return network;
  });
  return { network, subnets: [] };
}

/** All that these rights see: own, shared and external ones. */
export async function listNetworks(
  { store }: NetworkContext,
  rights: Rights,
): Promise<NetworkWithSubnets[]> {
  const networks = (await store.networks()).filter((network) => sees(rights, network));
  const subnets = Map.groupBy(await store.subnets(), ({ networkId }) => networkId);
  return networks.map((network) => ({ network, subnets: subnets.get(network.id) ?? [] }));
}

/** Throws NetworkNotFound also for what these rights may not see. */
export async function findNetwork(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<NetworkWithSubnets> {
  const found = await rows.networkWithSubnets(id);
  if (found === undefined || !sees(rights, found.network)) throw notFound('Network', id);
  readable('Network', found.network, rights);
  return found;
}

/** The same of a network whose record may be damaged. */
async function findNetworkToRemove(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredNetwork> {
  const network = await rows.network(id);
  if (network === undefined || !sees(rights, network)) throw notFound('Network', id);
  return network;
}

/** As `findNetwork`; throws `forbidden` when it may be seen but belongs to another project. */
export async function findOwnNetwork(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<NetworkWithSubnets> {
  const found = await findNetwork(rows, rights, id);
  refuseOthers(rights, found.network);
  return found;
}

function refuseOthers(rights: Rights, network: StoredNetwork): void {
  if (owns(rights, network)) return;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `Network ${network.id} belongs to another project: only its owner or an admin may change it.`,
  );
}

/** PUT /v2.0/networks/{id}. */
export async function updateNetwork(
  context: NetworkContext,
  rights: Rights,
  id: string,
  requested: RequestedNetworkChange,
): Promise<NetworkWithSubnets> {
  refuseAdminKeys('update', rights, requested);
  const mtu = checkMtu(requested.mtu);
  return context.store.atomic(async (rows) => {
    const { network: before, subnets } = await findOwnNetwork(rows, rights, id);
    refuseOtherSegment(before, requested);
    await refuseUnsharing(rows, before, requested.shared);
    const network = changed(context, before, {
      name: requested.name ?? before.name,
      description: requested.description ?? before.description,
      adminStateUp: requested.admin_state_up ?? before.adminStateUp,
      shared: requested.shared ?? before.shared,
      external: requested['router:external'] ?? before.external,
      portSecurityEnabled: requested.port_security_enabled ?? before.portSecurityEnabled,
      mtu: mtu ?? before.mtu,
    });
    await rows.updateNetwork(network, before);
    return { network, subnets };
  });
}

/**
 * DELETE /v2.0/networks/{id}, also of one whose record is damaged: refused while ports are on it;
 * its subnets go with it.
 */
export async function removeNetwork(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<void> {
  await context.store.atomic(async (rows) => {
    refuseOthers(rights, await findNetworkToRemove(rows, rights, id));
    const ports = await rows.portIdsOn(id);
    if (ports.length > 0) {
      const ids = ports.join(',');
      throw new NetworkError(
        'conflict',
        'NetworkInUse',
        `Unable to complete operation on network ${id}. There are one or more ports still in use on the network, id for these ports is: ${ids}.`,
      );
    }
    await rows.removeNetwork(id);
  });
}

/** What a body may say of the project that gets the new thing; `tenant_id` is the older name. */
export interface Owned {
  project_id?: string;
  tenant_id?: string;
}

/** The project of a new thing: the caller's, or another that an admin names. */
export function ownerFor(rights: Rights, requested: Owned, resource: string): string {
  const { project_id: project, tenant_id: tenant } = requested;
  if (project !== undefined && tenant !== undefined && project !== tenant) {
    throw invalidInput(
      `${resource}.tenant_id: '${tenant}' is not project_id '${project}', and is only its older name`,
    );
  }
  const given = project ?? tenant ?? rights.projectId;
  if (given !== rights.projectId && !rights.isPrivileged) throw adminOnly(`${resource}.project_id`);
  return given;
}

/** Its own, and what is shared with all or external. */
export function sees(rights: Rights, network: StoredNetwork): boolean {
  return owns(rights, network) || network.shared || network.external;
}

/** Source: IPv4 asks every link for 68 bytes; packet lengths are 16 bits. */
const mtuRange = { min: 68, max: 65_535 };

function checkMtu(given: string | number | undefined): number | undefined {
  if (given === undefined) return undefined;
  const mtu = Number(given);
  if (/^\d+$/.test(String(given)) && mtu >= mtuRange.min && mtu <= mtuRange.max) return mtu;
  throw invalidInput(
    `network.mtu: '${given}' is out of range: a number from ${mtuRange.min} to ${mtuRange.max}`,
  );
}

/**
 * On creation the default may be named. A change may not: the one who shared a network decides when
 * that ends.
 */
function refuseAdminKeys(
  act: 'create' | 'update',
  rights: Rights,
  requested: Record<string, unknown>,
): void {
  if (rights.isPrivileged) return;
  const isGiven = (value: unknown) => value !== undefined && (act === 'update' || value !== false);
  const key = adminKeys.find((key) => isGiven(requested[key]));
  if (key === undefined) return;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `rule:${act}_network:${key} is disallowed by policy: network.${key} may be set only with the role admin or service.`,
  );
}

/**
 * While other projects have ports on it, a network stays shared. Source: Neutron's
 * `InvalidSharedSetting`.
 */
async function refuseUnsharing(
  rows: NetworkRows,
  network: StoredNetwork,
  shared: boolean | undefined,
): Promise<void> {
  if (!network.shared || shared !== false) return;
  const ports = await rows.ports({ networkId: network.id });
  if (ports.every(({ projectId }) => projectId === network.projectId)) return;
  throw new NetworkError(
    'conflict',
    'InvalidSharedSetting',
    `network.shared: false: unable to reconfigure sharing settings for network ${network.id}: multiple projects are using it`,
  );
}

function refuseOtherSegment(network: StoredNetwork, requested: RequestedSegment): void {
  const segment = {
    'provider:network_type': network.networkType,
    'provider:physical_network': network.physicalNetwork,
    'provider:segmentation_id': network.segmentationId,
  };
  for (const key of Object.keys(segment) as (keyof RequestedSegment)[]) {
    const given = requested[key];
    if (given === undefined || String(given) === String(segment[key])) continue;
    throw invalidInput(`network.${key}: '${given}': the segment of a network stays as it was made`);
  }
}
