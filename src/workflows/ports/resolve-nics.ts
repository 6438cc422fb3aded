/**
 * Turns the requested NICs into network requests and their PCI requests. Reads the network service,
 * changes nothing.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { DevicePorts } from '#contracts/store/task-data.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { Network, Port, UsableNetwork } from '#core/networking/port.ts';
import { failoverRefusal } from '#core/networking/failover.ts';
import { vnicRefusal, vnicTraits } from '#core/networking/vnic-types.ts';
import { requestForPort } from '#core/networking/port-request.ts';
import type { NumaPolicy, PciRequest } from '#core/pci/requests/request.ts';
import { networkNeeds } from '#core/scheduling/network-needs.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * NICs in the user's order, the requests of those that need a device, and the ports behind these.
 */
export interface ResolvedNics {
  nics: NetworkRequest[];
  pciRequests: PciRequest[];
  devicePorts: DevicePorts;
  /** The networks of these ports, by id. */
  networks: ReadonlyMap<string, Network>;
}

/** `affinityPolicy`: of flavor or image, for ports without one of their own. */
export interface RequestedNics {
  requested: readonly RequestedNic[];
  affinityPolicy: NumaPolicy | null;
  /** The project of the server. Default: the caller's. */
  projectId?: string;
  /** Networks that were just read for this caller, and are not read again. */
  read?: readonly UsableNetwork[];
  /** Default: the naming of a boot's body. */
  naming?: NicNaming;
}

/**
 * How messages name the parts of the n-th NIC, and the kind of error when a network or port does
 * not exist, or an address is taken. Source: Nova's `FixedIpAlreadyInUse`, a 400 of a boot and a
 * 409 of an attach.
 */
export interface NicNaming {
  network(at: number): string;
  port(at: number): string;
  missing: 'invalid' | 'notFound';
  taken: 'invalid' | 'conflict';
}

export const bootNaming: NicNaming = {
  network: (at) => `networks[${at}].uuid`,
  port: (at) => `networks[${at}].port`,
  missing: 'invalid',
  taken: 'invalid',
};

/**
 * Reads what each NIC names with the caller's own rights, concurrently; ports that need a device
 * once more, in one call for all, unless the first answer was complete; and their networks with the
 * service's rights, because users cannot read a port's profile nor a physical network. Throws
 * `invalid` or `conflict` for the first unsuitable NIC, naming the NIC, the port and the rule.
 * Source: the seed, "Performance Impact": no other calls.
 */
export async function resolveNics(
  context: WorkflowContext,
  caller: Caller,
  {
    requested,
    affinityPolicy,
    projectId = caller.projectId,
    read = [],
    naming = bootNaming,
  }: RequestedNics,
): Promise<ResolvedNics> {
  const readAt = context.clock.now();
  const named = await settleAll(requested, async (nic, at): Promise<Named> => {
    const { missing } = naming;
    const field = nic.portId === null ? naming.network(at) : naming.port(at);
    if (nic.portId === null) {
      return { request: await resolveNetwork(context, caller, { nic, field, missing, read }) };
    }
    if (requested.findIndex(({ portId }) => portId === nic.portId) < at) {
      throw new ComputeError('invalid', `${field}: port ${nic.portId} is named twice`);
    }
    return resolvePort(context, caller, { nic, field, missing, read, projectId });
  });
  const all = named.flatMap(({ needing }) => needing ?? []);
  const complete = all.flatMap((needing) => needing.read ?? []);
  const unread = all.flatMap((needing) => (needing.read === undefined ? needing.portId : []));
  const ports = [...complete, ...(await context.network.listPorts(unread))];
  const networks = new Map<string, Network>();
  const requests = await settleAll(named, async ({ request, needing }) => {
    if (needing === undefined) return { request, pciRequest: null };
    const port = ports.find(({ id }) => id === needing.portId);
    if (port === undefined) throw new ComputeError(needing.missing, noPort(needing));
    const network = await context.network.showNetwork(port.networkId);
    networks.set(network.id, network);
    const pciRequest = await requestOf(context, { port, network, ...needing });
    return { request: { ...request, pciRequestId: pciRequest.requestId }, pciRequest };
  });
  return {
    nics: requests.map(({ request }) => request),
    pciRequests: requests.flatMap(({ pciRequest }) =>
      pciRequest === null
        ? []
        : [{ ...pciRequest, numaPolicy: pciRequest.numaPolicy ?? affinityPolicy }],
    ),
    devicePorts: {
      ports: ports.map(({ id, vnicType, profile }) => ({ id, vnicType, profile })),
      readAt,
    },
    networks,
  };
}

/**
 * The NICs of a request that names none: one on the only network the project can boot on. Throws
 * `ambiguous` when there are several; when there is none, `invalid` for 'auto' and no NIC for
 * 'unspecified'. Source: Nova's `NetworkAmbiguous`, a 409 of a boot and a 400 of an attach.
 */
export async function automaticNics(
  context: WorkflowContext,
  caller: Caller,
  networks: 'auto' | 'unspecified',
  ambiguous: 'conflict' | 'invalid' = 'conflict',
): Promise<Pick<RequestedNics, 'requested' | 'read'>> {
  const bootable = await context.network.listBootableNetworks(caller);
  const [only] = bootable;
  if (bootable.length > 1) {
    const names = bootable.map((network) => network.name || network.id).join(', ');
    throw new ComputeError(
      ambiguous,
      `Multiple possible networks found (${names}); use a Network ID to be more specific.`,
    );
  }
  if (only !== undefined) {
    return {
      requested: [{ networkId: only.id, portId: null, fixedIp: null, tag: null }],
      read: bootable,
    };
  }
  if (networks === 'unspecified') return { requested: [] };
  throw new ComputeError(
    'invalid',
    'networks: "auto" needs a network with a subnet that this project can use, and there is none; create one, or use "none"',
  );
}

interface NamedNic {
  nic: RequestedNic;
  field: string;
  missing: NicNaming['missing'];
  read: readonly UsableNetwork[];
}

/** A NIC as visible to its user. `needing`: its port needs a device. */
interface Named {
  request: NetworkRequest;
  needing?: NeedingPort;
}

interface NeedingPort {
  portId: string;
  field: string;
  missing: NicNaming['missing'];
  /** With the service's rights. */
  read?: Port | undefined;
}

async function resolveNetwork(
  context: WorkflowContext,
  caller: Caller,
  { nic, field, missing, read }: NamedNic,
): Promise<NetworkRequest> {
  if (nic.networkId === null) {
    throw new ComputeError('invalid', `${field}: Bad network format: missing 'uuid'`);
  }
  const network =
    read.find(({ id }) => id === nic.networkId) ??
    (await found(context.network.findNetwork(nic.networkId, caller), {
      kind: missing,
      message: `${field}: Network ${nic.networkId} could not be found.`,
    }));
  if (!network.hasSubnet) {
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
  { nic, field, missing, projectId }: NamedNic & { projectId: string },
): Promise<Named> {
  const portId = nic.portId ?? '';
  const port = await found(context.network.showPort(portId, caller), {
    kind: missing,
    message: noPort({ portId, field }),
  });
  if (port.projectId !== projectId) {
    // The owner of a network can read the ports of others on it. Source: Nova's `PortNotUsable`.
    throw new ComputeError(
      'invalid',
      `${field}: Port ${port.id} is not usable: it belongs to another project than the server.`,
    );
  }
  checkFree(port, field);
  const request = { ...nic, networkId: port.networkId, portId: port.id, pciRequestId: null };
  const refusal = vnicRefusal(port.vnicType);
  if (refusal !== undefined) {
    throw new ComputeError(
      'invalid',
      `${field}: port ${port.id} has binding:vnic_type ${port.vnicType}, ${refusal}`,
    );
  }
  if (vnicTraits(port.vnicType).device === null) return { request };
  return { request, needing: { portId: port.id, field, missing, read: port.complete } };
}

function noPort({ portId, field }: Pick<NeedingPort, 'portId' | 'field'>): string {
  return `${field}: Port id ${portId} could not be found.`;
}

async function requestOf(
  context: WorkflowContext,
  { port, network, field }: { port: Port; network: Network; field: string },
): Promise<PciRequest> {
  const misfit = failoverRefusal(port);
  if (misfit !== undefined) {
    throw new ComputeError('invalid', `${field}: port ${port.id}: ${misfit}`);
  }
  const [physicalNetwork = null] = networkNeeds([network]).physicalNetworks;
  if (physicalNetwork === null) await checkTunnelled(context, { port, network, field });
  return requestForPort(port, physicalNetwork, context.newId());
}

async function found<T>(
  read: Promise<T>,
  { kind, message }: { kind: NicNaming['missing']; message: string },
): Promise<T> {
  try {
    return await read;
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
 * A network without a physical network may still be served by devices whose spec allows it
 * (`physical_network` null or absent). Where no host offers one, no placement can ever succeed, and
 * the user gets the error at once.
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
