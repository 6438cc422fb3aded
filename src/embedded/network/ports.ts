/** Ports: create, find, remove. Changing them is in `port-change.ts`. */
import type {
  NetworkRows,
  PortFilter,
  StoredNetwork,
  StoredPort,
  StoredSubnet,
} from '#contracts/network-store.ts';
import type { FixedIp } from '#core/networking/port.ts';
import { type AskedAddress, chooseAddresses, type SubnetUse } from './address-choice.ts';
import { bindPort } from './binding.ts';
import { readNewPort, type RequestedPort } from './bodies.ts';
import { type NetworkContext, newStored, owns, type Rights } from './context.ts';
import { NetworkError, notFound } from './errors.ts';
import { checkMac, freeMac } from './mac-address.ts';
import { findNetwork, type NetworkWithSubnets, ownerFor } from './networks.ts';
import { refuseKeysOfNetworkOwner, refusePrivilegedPortKeys } from './port-policy.ts';
import { checkQuota } from './quota-check.ts';
import { groupsForPort } from './security-groups.ts';

/** POST /v2.0/ports: with the address asked for or the next free one, a MAC, and the project's default security group. */
export async function createPort(
  context: NetworkContext,
  rights: Rights,
  body: unknown,
): Promise<StoredPort> {
  const requested = readNewPort(body);
  refusePrivilegedPortKeys('create', rights, requested);
  const projectId = ownerFor(rights, requested, 'port');
  return context.store.atomic(async (rows) => {
    const found = await findNetwork(rows, rights, requested.network_id);
    refuseExternalNetwork(rights, found.network);
    refuseKeysOfNetworkOwner('create', { rights, network: found.network, requested });
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
  const asked = requested.security_groups ?? (portSecurityEnabled ? undefined : []);
  const numaAffinityPolicy = requested.numa_affinity_policy ?? null;
  const place = {
    vnicType: requested['binding:vnic_type'] ?? 'normal',
    bindingHost: requested['binding:host_id'] ?? '',
  };
  return {
    ...newStored(context, { projectId, name, description }),
    revision: 1,
    networkId: network.id,
    macAddress:
      requested.mac_address === undefined
        ? await freeMac(rows, network.id)
        : await checkMac(rows, network.id, requested.mac_address),
    adminStateUp,
    deviceId: requested.device_id ?? '',
    deviceOwner: requested.device_owner ?? '',
    fixedIps: await allocate(rows, { network, subnets, asked: requested.fixed_ips }),
    securityGroupIds: await groupsForPort(rows, context, { projectId, asked }),
    portSecurityEnabled,
    numaAffinityPolicy,
    ...place,
    profile: requested['binding:profile'] ?? {},
    ...bindPort({ ...place, portSecurityEnabled, adminStateUp }, network, context.hostMappings),
  };
}

/** The addresses a port gets. `own`: what it has now, free for it to keep. */
export async function allocate(
  rows: NetworkRows,
  given: {
    network: StoredNetwork;
    subnets: StoredSubnet[];
    asked: AskedAddress[] | undefined;
    own?: FixedIp[];
  },
): Promise<FixedIp[]> {
  const own = new Set(given.own?.map(({ ipAddress }) => ipAddress));
  const uses: SubnetUse[] = [];
  for (const subnet of given.subnets) {
    const taken = await rows.takenAddresses(subnet.id);
    uses.push({ subnet, taken: new Set(taken.filter((address) => !own.has(address))) });
  }
  return chooseAddresses(given.network.id, given.asked, uses);
}

/** All that these rights see and the filter lets through. */
export async function listPorts(
  { store }: NetworkContext,
  rights: Rights,
  filter: PortFilter,
): Promise<StoredPort[]> {
  const ports = await store.ports(filter);
  return ports.filter((port) => owns(rights, port));
}

/** Throws PortNotFound also for what these rights may not see. */
export async function findPort(rows: NetworkRows, rights: Rights, id: string): Promise<StoredPort> {
  const port = await rows.port(id);
  if (port === undefined || !owns(rights, port)) throw notFound('Port', id);
  return port;
}

/** DELETE /v2.0/ports/{id}, as it was. A server's port may go, as in Neutron; ports that belong to the network itself may not. */
export async function removePort(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<StoredPort> {
  return context.store.atomic(async (rows) => {
    const port = await findPort(rows, rights, id);
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
