/** Binds the ports of a server's NICs to its host, with the devices that are claimed for them. */
import type { Host, TaskRef } from '#contracts/store/store.ts';
import type { DevicePort, DevicePorts } from '#contracts/store/task-data.ts';
import { ComputeError } from '#core/errors.ts';
import {
  bindChange,
  bindingProblem,
  vnicTypeProblem,
} from '#core/networking/binding/port-binding.ts';
import type { Network, Port } from '#core/networking/port.ts';
import { physicalNetworkOf, vifOf } from '#core/networking/vif-of.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { assertCurrent } from '../engine/workflow.ts';
import { agentsNow } from './binding-needs.ts';
import { freshDevicePorts, freshNetwork } from './device-ports.ts';

interface Binding {
  server: Server;
  host: Host;
  /** The server's NICs to bind. */
  nics: readonly ServerNic[];
  devicePorts: DevicePorts | undefined;
}

/** A NIC with its port as read back. */
interface BoundNic {
  nic: ServerNic;
  port: Port;
}

/**
 * Binds each NIC's port to the server on this host, with the device claimed for it. Concurrent,
 * with results in NIC order. Throws, once none is in progress any more, the first error in that
 * order: the others may be bound then.
 */
export async function bindNics(
  context: WorkflowContext,
  task: TaskRef,
  { server, host, nics, devicePorts }: Binding,
): Promise<BoundNic[]> {
  const devices = (await context.fleet.devices(context.store.hosts, host)).heldBy(server.id);
  const needing = nics.filter(({ pciRequestId }) => pciRequestId !== null);
  const ports = needing.length === 0 ? [] : await freshDevicePorts(context, nics, devicePorts);
  return settleAll(nics, async (nic) => {
    await assertCurrent(context, task);
    const networkOf = (id: string) => freshNetwork(context, id, devicePorts);
    return bindNic(context, { server, host, devices, ports, networkOf, nic });
  });
}

async function bindNic(
  context: WorkflowContext,
  to: {
    server: Server;
    host: Host;
    devices: PciDevice[];
    ports: DevicePort[];
    networkOf: (id: string) => Promise<Network>;
    nic: ServerNic;
  },
): Promise<BoundNic> {
  const { server, host, nic } = to;
  if (nic.portId === null || nic.networkId === null) {
    throw new ComputeError('bug', `NIC ${nic.id} has no port`);
  }
  const network = await to.networkOf(nic.networkId);
  const needsDevice = nic.pciRequestId !== null;
  const device = needsDevice
    ? (to.devices.find(({ requestId }) => requestId === nic.pciRequestId) ?? null)
    : null;
  const bound = await context.network.updatePort(
    nic.portId,
    bindChange({
      // A profile that is not sent is kept.
      port: { profile: needsDevice ? profileOf(nic.portId, to.ports) : {} },
      serverId: server.id,
      zone: host.availabilityZone,
      host: host.name,
      device,
      physicalNetwork: device?.tags['physical_network'] ?? physicalNetworkOf(network),
    }),
  );
  const changed = vnicTypeProblem(bound, device);
  // Another host would give it a device of the same kind.
  if (changed !== undefined) throw new ComputeError('conflict', changed);
  const place = { host: host.name, network };
  const problem = bindingProblem(bound, place);
  if (problem === undefined) {
    return { nic: { ...nic, vif: vifOf(bound, network, nic.tag) }, port: bound };
  }
  const agents = await agentsNow(context);
  const { message } = bindingProblem(bound, { ...place, agents }) ?? problem;
  throw new ComputeError('unavailable', message);
}

function profileOf(portId: string, ports: readonly DevicePort[]): DevicePort['profile'] {
  const port = ports.find(({ id }) => id === portId);
  if (port !== undefined) return port.profile;
  throw new ComputeError('notFound', `Port ${portId} could not be found.`);
}
