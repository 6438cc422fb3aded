/**
 * The ports of a server that moves. A port gets a second, inactive binding on the new host, which
 * is activated when the guest is to start there. Where there can be only one binding, as within a
 * host or for an entire physical function, whose MAC the port takes, the port is bound again.
 */
import type { Host, Move, Task } from '#contracts/store/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { addBinding } from '#core/networking/binding/port-move.ts';
import type { Port } from '#core/networking/port.ts';
import { vifOf } from '#core/networking/vif-of.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import { bindNics } from '../ports/bind-nics.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { assertCurrent } from '../engine/workflow.ts';
import { isWithinHost, nicsOn, type Side } from './sides.ts';

/** The server, the record of its move, and the host of one side. */
export interface Moving {
  server: Server;
  move: Move;
  host: Host;
}

/** Adds the inactive bindings on the new host. Throws the network service's refusals. */
export async function addBindings(
  context: WorkflowContext,
  task: Task<'move'>,
  { server, move, host }: Moving,
): Promise<void> {
  if (move.source === null || isWithinHost(move)) return;
  const nics = nicsOn(server, move, 'after');
  const { devices, ports } = await portsAndDevices(context, { server, nics, host });
  await settleAll(nics, async (nic) => {
    const port = portOf(ports, nic);
    const device = devices.find(({ requestId }) => requestId === nic.pciRequestId);
    if (isBoundAlone(device)) return;
    await assertCurrent(context, task);
    const known = await context.network.listPortBindings(port.id);
    if (known.some((binding) => binding.host === host.name)) return;
    const added = addBinding(port, host.name, device);
    if (added.do !== 'add-binding') return;
    const binding = await context.network.addPortBinding(port.id, added);
    if (binding.vifType !== 'binding_failed') return;
    const message = `port ${port.id} could not be bound on host ${host.name}`;
    throw new ComputeError('unavailable', message);
  });
}

/**
 * The NICs as they will be on the new host, by the inactive bindings there, for a guest that is
 * prepared there while it runs here.
 */
export async function expectedNics(
  context: WorkflowContext,
  { server, move, host }: Moving,
): Promise<ServerNic[]> {
  const { network } = context;
  const nics = nicsOn(server, move, 'after');
  const { devices, ports } = await portsAndDevices(context, { server, nics, host });
  return settleAll(nics, async (nic) => {
    const port = portOf(ports, nic);
    const bindings = await network.listPortBindings(port.id);
    const device = devices.find(({ requestId }) => requestId === nic.pciRequestId);
    const { profile } = { ...port, ...addBinding(port, host.name, device) };
    // A port with one binding keeps its kind on the new host.
    const there = bindings.find((binding) => binding.host === host.name) ?? { ...port, profile };
    const { vifType, vifDetails } = there;
    const bound = { ...port, vifType, vifDetails, profile: there.profile, bindingHost: host.name };
    return { ...nic, vif: vifOf(bound, await network.showNetwork(port.networkId), nic.tag) };
  });
}

/**
 * Makes the bindings of this side the active ones; `host` is that side's. Returns its NICs with
 * their ports as read back.
 */
export async function activateSide(
  context: WorkflowContext,
  task: Task<'move'>,
  side: Side,
  { server, move, host }: Moving,
): Promise<ServerNic[]> {
  const all = nicsOn(server, move, side);
  const { devices, ports } = await portsAndDevices(context, { server, nics: all, host });
  // On the way back nothing may stop at a port that its user has deleted or taken away.
  const isThere = ({ portId }: ServerNic) =>
    ports.some(({ id, deviceId }) => id === portId && deviceId === server.id);
  const nics = side === 'before' ? all.filter(isThere) : all;
  const isOnly = ({ pciRequestId }: ServerNic) =>
    move.source === null ||
    isWithinHost(move) ||
    isBoundAlone(devices.find(({ requestId }) => requestId === pciRequestId));
  const alone = nics.filter(isOnly);
  const bound = await bindNics(context, task, {
    server,
    host,
    nics: alone,
    devicePorts: undefined,
  });
  const activated = await settleAll(
    nics.filter((nic) => !isOnly(nic)),
    (nic) => activate(context, task, { server, nic, host }),
  );
  const byId = new Map([...bound.map(({ nic }) => nic), ...activated].map((nic) => [nic.id, nic]));
  return all.map((nic) => byId.get(nic.id) ?? nic);
}

/**
 * Removes the inactive bindings on the host that the server is not on. A port that has been
 * deleted, or taken from the server, has none.
 */
export async function dropBindings(
  { network }: Pick<WorkflowContext, 'network'>,
  { nics }: Pick<Server, 'nics'>,
  host: string,
): Promise<void> {
  await settleAll(nics, async ({ portId }) => {
    if (portId === null) return;
    const bindings = await network.listPortBindings(portId).catch((error: unknown) => {
      if (isComputeError(error, 'notFound') || isComputeError(error, 'invalid')) return [];
      throw error;
    });
    const isInactive = bindings.some((binding) => binding.host === host && !binding.isActive);
    if (isInactive) await network.removePortBinding(portId, host);
  });
}

/** The port takes the MAC of the function, so it has one binding at a time. */
function isBoundAlone(device: PciDevice | undefined): boolean {
  return device?.deviceType === 'type-PF';
}

async function activate(
  context: WorkflowContext,
  task: Task<'move'>,
  { server, nic, host }: { server: Server; nic: ServerNic; host: Host },
): Promise<ServerNic> {
  const { network } = context;
  if (nic.portId === null || nic.networkId === null) {
    throw new ComputeError('bug', `NIC ${nic.id} has no port`);
  }
  await assertCurrent(context, task);
  const bindings = await network.listPortBindings(nic.portId);
  const isActive = bindings.some((binding) => binding.host === host.name && binding.isActive);
  if (!isActive) await network.activatePortBinding(nic.portId, host.name);
  const port = portOf(await network.listPorts([nic.portId]), nic);
  if (port.vifType === 'unbound' || port.vifType === 'binding_failed') {
    // It was the active one before, and lost what the network service had bound.
    const [again] = await bindNics(context, task, {
      server,
      host,
      nics: [nic],
      devicePorts: undefined,
    });
    if (again !== undefined) return again.nic;
  }
  return { ...nic, vif: vifOf(port, await network.showNetwork(nic.networkId), nic.tag) };
}

async function portsAndDevices(
  context: WorkflowContext,
  { server, nics, host }: { server: Server; nics: readonly ServerNic[]; host: Host },
): Promise<{ devices: PciDevice[]; ports: Port[] }> {
  const held = await context.fleet.devices(context.store.hosts, host);
  const ports = await context.network.listPorts(nics.flatMap(({ portId }) => portId ?? []));
  return { devices: held.heldBy(server.id), ports };
}

function portOf(ports: readonly Port[], { portId }: ServerNic): Port {
  const port = ports.find(({ id }) => id === portId);
  if (port !== undefined) return port;
  throw new ComputeError('notFound', `Port ${portId ?? ''} could not be found.`);
}
