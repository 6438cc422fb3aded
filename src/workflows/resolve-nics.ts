/** From the NICs a user asked for to network requests and the PCI requests behind them. Reads the network service, changes nothing. */
import type { Caller } from '#contracts/identity.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { Network, Port } from '#core/networking/port.ts';
import { deviceNeeded } from '#core/networking/vnic-type.ts';
import { needingInterface } from '#core/pci/interface-need.ts';
import { requestForPort } from '#core/pci/port-request.ts';
import type { NumaPolicy, PciRequest } from '#core/pci/request.ts';
import { networkNeeds } from '#core/scheduling/network-needs.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import type { WorkflowContext } from './context.ts';

/** NICs in the user's order, and the requests of those that need a device. */
export interface ResolvedNics {
  nics: NetworkRequest[];
  pciRequests: PciRequest[];
}

/** `affinityPolicy`: of flavor or image, for ports without one of their own. */
export interface AskedNics {
  asked: readonly RequestedNic[];
  affinityPolicy: NumaPolicy | null;
  /** Default: as the body of a boot says it. */
  naming?: NicNaming;
}

/** How messages name the parts of the n-th NIC, and what kind of error a network or port is that does not exist. */
export interface NicNaming {
  network(at: number): string;
  port(at: number): string;
  missing: 'invalid' | 'notFound';
}

const bootNaming: NicNaming = {
  network: (at) => `networks[${at}].uuid`,
  port: (at) => `networks[${at}].port`,
  missing: 'invalid',
};

/**
 * Reads each port with the caller's own rights; only for one that needs a device, its network with the service's rights.
 * Throws `invalid` or `conflict` naming the NIC, the port and the rule. Source: the seed, "Performance Impact": no other calls.
 */
export async function resolveNics(
  context: WorkflowContext,
  caller: Caller,
  { asked, affinityPolicy, naming = bootNaming }: AskedNics,
): Promise<ResolvedNics> {
  const resolved: ResolvedNics = { nics: [], pciRequests: [] };
  const seen = new Set<string>();
  for (const [at, nic] of asked.entries()) {
    const { missing } = naming;
    if (nic.portId === null) {
      const named = { nic, field: naming.network(at), missing };
      resolved.nics.push(await resolveNetwork(context, caller, named));
      continue;
    }
    const field = naming.port(at);
    if (seen.has(nic.portId)) {
      throw new ComputeError('invalid', `${field}: port ${nic.portId} is named twice`);
    }
    seen.add(nic.portId);
    const { request, pciRequest } = await resolvePort(context, caller, { nic, field, missing });
    resolved.nics.push(request);
    if (pciRequest === null) continue;
    const numaPolicy = pciRequest.numaPolicy ?? affinityPolicy;
    resolved.pciRequests.push({ ...pciRequest, numaPolicy });
  }
  return resolved;
}

/**
 * The NICs of a request that names none: one on the only network the project can boot on. Throws `conflict` when there are
 * several; when there is none, `invalid` for 'auto' and no NIC for 'unspecified'.
 */
export async function automaticNics(
  context: WorkflowContext,
  caller: Caller,
  networks: 'auto' | 'unspecified',
): Promise<RequestedNic[]> {
  const bootable = await context.network.listBootableNetworks(caller);
  const [only] = bootable;
  if (bootable.length > 1) {
    const names = bootable.map((network) => network.name || network.id).join(', ');
    throw new ComputeError(
      'conflict',
      `Multiple possible networks found (${names}); use a Network ID to be more specific.`,
    );
  }
  if (only !== undefined) return [{ networkId: only.id, portId: null, fixedIp: null, tag: null }];
  if (networks === 'unspecified') return [];
  throw new ComputeError(
    'invalid',
    'networks: "auto" needs a network with a subnet that this project can use, and there is none; create one, or use "none"',
  );
}

interface Asked {
  nic: RequestedNic;
  field: string;
  missing: NicNaming['missing'];
}

async function resolveNetwork(
  context: WorkflowContext,
  caller: Caller,
  { nic, field, missing }: Asked,
): Promise<NetworkRequest> {
  if (nic.networkId === null) {
    throw new ComputeError('invalid', `${field}: Bad network format: missing 'uuid'`);
  }
  const network = await found(context.network.showNetwork(nic.networkId, caller), {
    kind: missing,
    message: `${field}: Network ${nic.networkId} could not be found.`,
  });
  if (network.subnets.length === 0) {
    throw new ComputeError(
      'invalid',
      `${field}: Network ${nic.networkId} requires a subnet in order to boot servers on.`,
    );
  }
  return {
    networkId: nic.networkId,
    portId: null,
    fixedIp: nic.fixedIp,
    tag: nic.tag,
    pciRequestId: null,
  };
}

async function resolvePort(
  context: WorkflowContext,
  caller: Caller,
  { nic, field, missing }: Asked,
): Promise<{ request: NetworkRequest; pciRequest: PciRequest | null }> {
  const portId = nic.portId ?? '';
  const port = await found(context.network.showPort(portId, caller), {
    kind: missing,
    message: `${field}: Port id ${portId} could not be found.`,
  });
  checkFree(port, field);
  const request = { ...nic, networkId: port.networkId, portId: port.id };
  const needed = deviceNeeded(port.vnicType);
  if (needed === 'unsupported') {
    throw new ComputeError(
      'invalid',
      `${field}: port ${port.id} has binding:vnic_type ${port.vnicType}, which is not supported; use normal, direct, macvtap or direct-physical`,
    );
  }
  if (needed === 'nothing')
    return { request: { ...request, pciRequestId: null }, pciRequest: null };
  const network = await context.network.showNetwork(port.networkId, 'service');
  const [physicalNetwork = null] = networkNeeds([network]).physicalNetworks;
  if (physicalNetwork === null) await checkTunnelled(context, { port, network, field });
  const pciRequest = requestForPort(port, physicalNetwork, context.newId());
  return {
    request: { ...request, pciRequestId: pciRequest.requestId },
    pciRequest: port.vnicType === 'macvtap' ? needingInterface(pciRequest) : pciRequest,
  };
}

async function found<T>(
  looked: Promise<T>,
  { kind, message }: { kind: NicNaming['missing']; message: string },
): Promise<T> {
  try {
    return await looked;
  } catch (cause) {
    if (isComputeError(cause, 'notFound')) throw new ComputeError(kind, message, { cause });
    throw cause;
  }
}

function checkFree(port: Port, field: string): void {
  if (port.deviceId !== '') {
    throw new ComputeError(
      'conflict',
      `${field}: Port ${port.id} is in use by ${port.deviceOwner || 'device'} ${port.deviceId}.`,
    );
  }
  if (port.fixedIps.length === 0) {
    throw new ComputeError(
      'invalid',
      `${field}: Port ${port.id} requires a FixedIP in order to be used.`,
    );
  }
}

/**
 * A network without a physical network may still be served by devices whose spec says so (`physical_network` null or absent).
 * Where no host offers a single one, no placement can ever succeed, and the user is told at once.
 */
async function checkTunnelled(
  context: WorkflowContext,
  { port, network, field }: { port: Port; network: Network; field: string },
): Promise<void> {
  const hosts = await context.store.hosts.list();
  const isOffered = hosts.some((host) =>
    host.pciStats.some((pool) => (pool.tags['physical_network'] ?? null) === null),
  );
  if (isOffered) return;
  throw new ComputeError(
    'invalid',
    `${field}: port ${port.id} has binding:vnic_type ${port.vnicType}, but its network ${network.id} has no provider:physical_network, and no host offers a device without one`,
  );
}
