/** Step: every NIC gets its port bound to the host (and to its VF), and the host is told to start the guest. */
import type { Host, Task } from '#contracts/store.ts';
import { ComputeError } from '#core/errors.ts';
import { awaitsWiring } from '#core/networking/plug.ts';
import type { Port } from '#core/networking/port.ts';
import { bindChange, bindingProblem } from '#core/networking/port-binding.ts';
import { physicalNetworkOf, vifOf } from '#core/networking/vif-of.ts';
import type { PciDevice } from '#core/pci/device.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { guestOf } from './guest-of.ts';
import { finishedEvent } from './record-event.ts';
import { hostOf, serverOf } from './server-of.ts';
import { portsMadeFor } from './tear-down.ts';
import { type StepOutcome, stillOurs } from './workflow.ts';

/** Binds in NIC order, reads each port back, and hands the guest over. Throws what the network service refuses, in plain words. */
export async function bindPorts(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  if (host === undefined) throw new ComputeError('bug', 'bind-ports: no host was chosen');
  const devices = (await context.store.hosts.devices(host.id)).filter(
    (device) => device.serverId === server.id,
  );
  const nics: ServerNic[] = [];
  const unwired: string[] = [];
  for (const nic of server.nics) {
    await stillOurs(context, task);
    const withPort = await ensurePort(context, server, nic, nics);
    const { port, nic: bound } = await bindNic(context, { server, host, devices, nic: withPort });
    nics.push(bound);
    if (awaitsWiring(port)) unwired.push(port.id);
  }
  const guest = await guestOf(context, { ...server, nics });
  const now = context.clock.now();
  return {
    nics,
    server: { taskState: 'spawning' },
    command: {
      hostId: host.id,
      serverId: server.id,
      body: { do: 'spawn', guest },
    },
    events: [finishedEvent(context, 'bind_ports', startedAt, { host: host.name })],
    next: { step: 'guest-started', data: { ...task.data, startedAt: now, unwired }, dueAt: null },
  };
}

/** A NIC asked for by network gets a port; one that an earlier try left behind is taken up again. */
export async function ensurePort(
  context: WorkflowContext,
  server: Server,
  nic: ServerNic,
  done: ServerNic[],
): Promise<ServerNic> {
  if (nic.portId !== null || nic.networkId === null) return nic;
  const taken = new Set([...server.nics, ...done].map((other) => other.portId));
  const left = (await portsMadeFor(context, server)).find(
    (port) => port.networkId === nic.networkId && !taken.has(port.id),
  );
  const port =
    left ??
    (await context.network.createPort({
      networkId: nic.networkId,
      projectId: server.projectId,
      deviceId: server.id,
      fixedIp: nic.fixedIp,
    }));
  return { ...nic, portId: port.id, ownsPort: true };
}

/** Gives the NIC's port to the server on this host, with the device claimed for it, and reads it back. Throws what does not work, in plain words. */
export async function bindNic(
  context: WorkflowContext,
  to: { server: Server; host: Host; devices: PciDevice[]; nic: ServerNic },
): Promise<{ nic: ServerNic; port: Port }> {
  const { server, host, nic } = to;
  if (nic.portId === null) throw new ComputeError('bug', `NIC ${nic.id} has no port`);
  const port = await context.network.showPort(nic.portId, 'service');
  const network = await context.network.showNetwork(port.networkId, 'service');
  const device = to.devices.find((each) => each.requestId === nic.pciRequestId) ?? null;
  const bound = await context.network.updatePort(
    port.id,
    bindChange({
      port,
      serverId: server.id,
      zone: host.availabilityZone,
      host: host.name,
      device: nic.pciRequestId === null ? null : device,
      physicalNetwork: device?.tags['physical_network'] ?? physicalNetworkOf(network),
    }),
  );
  const problem = bindingProblem(bound, host.name, network);
  if (problem !== undefined) throw new ComputeError('unavailable', problem.message);
  const vif = vifOf(bound, network, nic.tag);
  return { nic: { ...nic, networkId: network.id, vif }, port: bound };
}
