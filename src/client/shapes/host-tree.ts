/** One host with its devices as a tree, and one of its devices. */
import { type Static, Type } from 'typebox';
import { ReasonView } from './explain.ts';
import { HostView } from './hosts.ts';
import { DeviceView } from './pci.ts';
import { mapOf, Moment, nullable, shape } from './shape.ts';

/** Words for the letters of `FleetHost`. */
const Availability = Type.Enum([
  'free',
  'claimed',
  'held',
  'pf-taken',
  'vfs-taken',
  'missing',
  'replaced',
  'quarantined',
  'not-offered',
]);

/**
 * Who has a device. The port is null for a device of a flavor's alias; names are null where the
 * server's record is gone.
 */
const Holder = shape({
  server_id: Type.String(),
  server_name: nullable(Type.String()),
  server_status: nullable(Type.String()),
  project_id: nullable(Type.String()),
  request_id: nullable(Type.String()),
  port_id: nullable(Type.String()),
  mac_address: nullable(Type.String()),
  network: nullable(Type.String()),
});

/** `number`: of a VF on its PF, where known. `reason`: why it cannot be given; null: it can. */
export const FunctionNode = shape({
  address: Type.String(),
  number: nullable(Type.Integer()),
  vendor_id: Type.String(),
  product_id: Type.String(),
  ifname: nullable(Type.String()),
  physical_network: nullable(Type.String()),
  availability: Availability,
  reason: nullable(ReasonView),
  holder: nullable(Holder),
});
export type FunctionNode = Static<typeof FunctionNode>;

/** `self` null: the host does not report the PF itself. */
const PfNode = shape({
  address: Type.String(),
  ifname: nullable(Type.String()),
  link: nullable(Type.Enum(['up', 'down'])),
  self: nullable(FunctionNode),
  vfs: Type.Array(FunctionNode),
});

/** `node` null: the host does not report it. Memory in MiB. */
const NumaNodeView = shape({
  node: nullable(Type.Integer()),
  socket: nullable(Type.Integer()),
  cpus: Type.Integer(),
  dedicated_cpus: Type.Integer(),
  memory_mb: Type.Integer(),
  /** By slot. */
  cards: Type.Array(
    shape({
      slot: Type.String(),
      serial_number: nullable(Type.String()),
      pfs: Type.Array(PfNode),
    }),
  ),
  /** Devices without SR-IOV. */
  plain: Type.Array(FunctionNode),
});
export type NumaNodeView = Static<typeof NumaNodeView>;

/** An entry of the device list in force. `admits`: how many functions it is the first to admit. */
const EntryInForce = shape({
  entry: Type.Integer(),
  source: Type.String(),
  device_spec: mapOf(Type.Unknown()),
  admits: Type.Integer(),
});

export const HostTreeReply = shape({
  host: HostView,
  physical_networks: Type.Array(Type.String()),
  /** null: the host has not reported it to this controller. */
  device_specs: nullable(Type.Array(EntryInForce)),
  numa_nodes: Type.Array(NumaNodeView),
});

/**
 * What became of a device. `given`: the guest of the server has it; `released`: the server no
 * longer holds it; `missing`, `returned`: its host no longer reports it while it is held, or does
 * again; `quarantined` (`detail`: why), `cleared`: it must not be assigned, or may be again. Port,
 * MAC, VLAN and network are those of the server's NIC at that time.
 */
const DeviceEventView = shape({
  id: Type.Integer(),
  at: Moment,
  event: Type.Enum(['given', 'released', 'missing', 'returned', 'quarantined', 'cleared']),
  server_id: nullable(Type.String()),
  request_id: nullable(Type.String()),
  port_id: nullable(Type.String()),
  mac_address: nullable(Type.String()),
  vlan: nullable(Type.Integer()),
  network: nullable(Type.String()),
  detail: nullable(Type.String()),
});
export type DeviceEventView = Static<typeof DeviceEventView>;

/** `device` null: no device spec admits it. `port`: of its holder, as it was bound. */
export const HostDeviceReply = shape({
  host: Type.String(),
  function: FunctionNode,
  device: nullable(DeviceView),
  /** The PF of a VF. */
  pf: nullable(FunctionNode),
  port: nullable(
    shape({
      port_id: Type.String(),
      vnic_type: Type.String(),
      vif_type: Type.String(),
      mac_address: Type.String(),
      vlan: nullable(Type.Integer()),
      network_id: Type.String(),
      network_name: Type.String(),
      ip_addresses: Type.Array(Type.String()),
    }),
  ),
  /** Newest first, at most 100. Older events are pruned with the history of deleted servers. */
  history: Type.Array(DeviceEventView),
});
