/** The NICs of a server as `os-interface` shows them, read from its ports. */
import { ComputeError } from '#core/errors.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server } from '#core/servers/server.ts';
import { type StepDown, steppedDown, type View, without } from '../../requests/microversions.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';

const steps: StepDown<unknown>[] = [without(70, 'tag')];

export async function listInterfaces(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const ports = await portsOf(call, server);
  return { body: { interfaceAttachments: ports.map((port) => viewInterface(call, server, port)) } };
}

export async function showInterface(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const id = call.params['port'] ?? '';
  return { body: { interfaceAttachment: await interfaceOf(call, server, id) } };
}

/** The view of one NIC. Throws `notFound` when the server has none with this port. */
export async function interfaceOf(call: Call, server: Server, id: string): Promise<View> {
  const port = (await portsOf(call, server)).find((each) => each.id === id);
  if (port !== undefined) return viewInterface(call, server, port);
  throw new ComputeError('notFound', `Port ${id} is not attached to instance ${server.id}`);
}

/** In the guest's NIC order. */
async function portsOf(call: Call, server: Server): Promise<Port[]> {
  const ports = await call.context.network.listServerPorts(server.id);
  const byId = new Map(ports.map((port) => [port.id, port]));
  return server.nics.flatMap(({ portId }) => byId.get(portId ?? '') ?? []);
}

function viewInterface(call: Call, server: Server, port: Port): View {
  const view = {
    net_id: port.networkId,
    port_id: port.id,
    mac_addr: port.macAddress,
    port_state: port.status,
    fixed_ips: port.fixedIps.map(({ subnetId, ipAddress }) => ({
      subnet_id: subnetId,
      ip_address: ipAddress,
    })),
    tag: server.nics.find(({ portId }) => portId === port.id)?.tag ?? null,
  };
  return steppedDown(view, call.version, steps, undefined);
}
