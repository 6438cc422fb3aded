/** One host as a tree, NUMA node to server, and one of its devices. */
import type { FunctionNode, NumaNodeView } from '#client/shapes/host-tree.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { Host } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { tryParsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import {
  functionAt,
  hostTree,
  type TreeCard,
  type TreeFunction,
  type TreeNode,
} from '#core/pci/fabric/host-tree.ts';
import type { LeftOutFunction } from '#core/pci/specs/host-offer.ts';
import { isUp } from '../../hosts/host-status.ts';
import { noSuchHost } from '../../hosts/page-of-hosts.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { viewDevice, viewHost } from '../views.ts';
import { historyOf, holdersOf, type HoldersByServer, portOf } from './holders.ts';

/** With all devices, their holders, and the device specs in force. Throws `notFound`. */
export async function showHost(call: Call): Promise<Reply> {
  const { host, devices, offer } = await hostOf(call);
  const holders = await holdersOf(call, devices);
  const lastSeenAt = call.context.links.lastSeenAt(host);
  const body = {
    host: viewHost({ ...host, lastSeenAt }, isUp(call.context, host)),
    physical_networks: host.physicalNetworks,
    device_specs:
      offer?.entries.map(({ deviceSpec, ...entry }) => ({ ...entry, device_spec: deviceSpec })) ??
      null,
    numa_nodes: treeOf(host, devices, offer?.leftOut ?? []).map((node) =>
      viewNode(host, node, holders),
    ),
  };
  return { body: body satisfies OperatorReply<'GET /hosts/:name'> };
}

/**
 * One device, why it cannot be given, and the port of its holder. Throws `notFound` for an unknown
 * host and an address at which it reports neither an offered device nor a PF or VF.
 */
export async function showHostDevice(call: Call): Promise<Reply> {
  const { host, devices, offer } = await hostOf(call);
  const text = call.params['address'] ?? '';
  const address = tryParsePciAddress(text) ?? text;
  const leftOut = offer?.leftOut ?? [];
  const found = functionAt(address, devices, leftOut);
  if (found === undefined) {
    throw new ComputeError(
      'notFound',
      `PCI device ${address} of host ${host.name} could not be found: the host reports no offered device, PF or VF there.`,
    );
  }
  const { device } = found;
  const parent =
    device?.parentAddress ?? leftOut.find((fn) => fn.address === address)?.parentAddress ?? null;
  const pf = parent === null ? undefined : functionAt(parent, devices, leftOut);
  const holders = await holdersOf(
    call,
    [device, pf?.device].filter((one) => one !== undefined),
  );
  const body = {
    host: host.name,
    function: viewFunction(found, holders),
    device: device === undefined ? null : viewDevice(host.name, device),
    pf: pf === undefined ? null : viewFunction(pf, holders),
    port: device === undefined ? null : await portOf(call, device),
    history: await historyOf(call, { hostId: host.id, address }),
  };
  return { body: body satisfies OperatorReply<'GET /hosts/:name/devices/:address'> };
}

async function hostOf({ context, params }: Call) {
  const name = params['name'] ?? '';
  const host = await context.store.hosts.named(name);
  if (host === undefined) throw noSuchHost(name);
  const devices = await context.store.hosts.devices(host.id);
  return { host, devices, offer: context.links.offerOf(host.id) };
}

/** With the NUMA nodes that have no device. */
function treeOf(
  { numa }: Pick<Host, 'numa'>,
  devices: readonly PciDevice[],
  leftOut: readonly LeftOutFunction[],
): TreeNode[] {
  const nodes = hostTree(devices, leftOut);
  const known = new Set(nodes.map(({ node }) => node));
  const others = numa.nodes.filter(({ id }) => !known.has(id));
  const empty = others.map(({ id }) => ({ node: id, cards: [], plain: [] }));
  const rank = ({ node }: TreeNode) => node ?? Number.POSITIVE_INFINITY;
  return [...nodes, ...empty].toSorted((one, other) => rank(one) - rank(other));
}

function viewNode(
  { numa }: Pick<Host, 'numa'>,
  { node, cards, plain }: TreeNode,
  holders: HoldersByServer,
): NumaNodeView {
  const known = numa.nodes.find(({ id }) => id === node);
  return {
    node,
    socket: known?.socket ?? null,
    cpus: (known?.cpus.length ?? 0) + (known?.dedicatedCpus.length ?? 0),
    dedicated_cpus: known?.dedicatedCpus.length ?? 0,
    memory_mb: known?.memoryMib ?? 0,
    cards: cards.map((card) => viewCard(card, holders)),
    plain: plain.map((fn) => viewFunction(fn, holders)),
  };
}

function viewCard(
  { slot, pfs }: TreeCard,
  holders: HoldersByServer,
): NumaNodeView['cards'][number] {
  const devices = pfs.flatMap(({ self, vfs }) => [self, ...vfs]);
  const serials = devices.map((fn) => fn?.device?.capabilities.vpd?.cardSerialNumber);
  return {
    slot,
    serial_number: serials.find((serial) => serial !== undefined) ?? null,
    pfs: pfs.map(({ address, ifname, self, vfs }) => ({
      address,
      ifname,
      link: self?.device?.link ?? null,
      self: self === undefined ? null : viewFunction(self, holders),
      vfs: vfs.map((vf) => viewFunction(vf, holders)),
    })),
  };
}

function viewFunction(fn: TreeFunction, holders: HoldersByServer): FunctionNode {
  const { device, reason } = fn;
  return {
    address: fn.address,
    number: fn.number,
    vendor_id: fn.vendorId,
    product_id: fn.productId,
    ifname: fn.ifname,
    physical_network: device?.tags['physical_network'] ?? null,
    availability: fn.availability,
    reason: reason === undefined ? null : { code: reason.code, message: reason.message },
    holder: device === undefined ? null : holderOf(device, holders),
  };
}

function holderOf(
  { serverId, requestId }: PciDevice,
  holders: HoldersByServer,
): FunctionNode['holder'] {
  if (serverId === null) return null;
  const server = holders.get(serverId);
  const nic =
    requestId === null ? undefined : server?.nics.find((one) => one.pciRequestId === requestId);
  return {
    server_id: serverId,
    server_name: server?.name ?? null,
    server_status: server?.status ?? null,
    project_id: server?.projectId ?? null,
    request_id: requestId,
    port_id: nic?.portId ?? null,
    mac_address: nic?.vif?.macAddress ?? null,
    network: nic?.vif?.network.name ?? null,
  };
}
