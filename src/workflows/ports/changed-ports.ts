/** Changes of a server's ports that were not made here. */
import { isSame } from '#core/is-same.ts';
import { isComputeError } from '#core/errors.ts';
import { withFloatingIps } from '#core/networking/floating-ips.ts';
import { followPort, hasMoved } from '#core/networking/follow-port.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** The server's ports as its NICs follow them: with the floating IPs of their addresses. */
export async function portsToFollow(
  { network }: Pick<WorkflowContext, 'network'>,
  serverId: string,
): Promise<Port[]> {
  const ports = await network.listServerPorts(serverId);
  return withFloatingIps(ports, await network.listFloatingIps(ports.map(({ id }) => id)));
}

/**
 * The bound NICs whose port has another MAC, other addresses or settings of its VF, with the
 * current values. A network is read only for those; with `networksToo` for all, and a NIC whose
 * network has another name, gateway or the like counts too.
 */
export async function nicsWithChangedPorts(
  context: WorkflowContext,
  server: Pick<Server, 'nics'>,
  ports: readonly Port[],
  { networksToo = false }: { networksToo?: boolean } = {},
): Promise<ServerNic[]> {
  const byId = new Map(ports.map((port) => [port.id, port]));
  const moved: ServerNic[] = [];
  for (const nic of server.nics) {
    const port = byId.get(nic.portId ?? '');
    if (port === undefined || nic.vif === null) continue;
    const isMoved = hasMoved(nic.vif, port);
    if (!isMoved && !networksToo) continue;
    const network = await context.network.showNetwork(port.networkId).catch((error: unknown) => {
      if (isMoved || !isNotShown(error)) throw error;
      return undefined;
    });
    const vif = network && followPort(nic.vif, port, network);
    if (vif && !isSame(vif, nic.vif)) moved.push({ ...nic, vif });
  }
  return moved;
}

function isNotShown(error: unknown): boolean {
  return isComputeError(error, 'notFound') || isComputeError(error, 'forbidden');
}

/**
 * The first bound NIC whose port no longer exists; undefined when all exist. `ports` are those that
 * name the server: one that is not among them is read alone, because its owner may have removed the
 * server's name. To a service user that lost its rights every port seems gone: so a port counts as
 * gone only when the network service has `reported` that, or still shows the network as it does to
 * administrators.
 */
export async function nicWithoutPort(
  context: WorkflowContext,
  server: Pick<Server, 'nics'>,
  { ports, reported }: { ports: readonly Port[]; reported: ReadonlySet<string> },
): Promise<ServerNic | undefined> {
  const named = new Set(ports.map(({ id }) => id));
  for (const nic of server.nics) {
    const { vif, portId } = nic;
    if (vif === null || portId === null || named.has(portId)) continue;
    if (await shows(async () => (await context.network.listPorts([portId])).length > 0)) continue;
    if (reported.has(portId)) return nic;
    if (
      await shows(
        async () => (await context.network.showNetwork(vif.network.id)).id === vif.network.id,
      )
    )
      return nic;
    context.log.warn(
      { port: portId },
      'port and network are both invisible to the service user; not treating the port as deleted',
    );
  }
  return undefined;
}

async function shows(read: () => Promise<boolean>): Promise<boolean> {
  try {
    return await read();
  } catch (error) {
    if (isNotShown(error)) return false;
    throw error;
  }
}
