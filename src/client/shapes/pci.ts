/** PCI devices and pools in the replies of the operator API. */
import { type Static, Type } from 'typebox';
import { Links, mapOf, nullable, shape } from './shape.ts';

export const DeviceType = Type.Enum(['type-PCI', 'type-PF', 'type-VF', 'vdpa']);

export const DeviceStatus = Type.Enum([
  'available',
  'claimed',
  'allocated',
  'unclaimable',
  'unavailable',
  'missing',
  'removed',
]);

export const Tags = mapOf(nullable(Type.String()));

const Ids = { vendor_id: Type.String(), product_id: Type.String() };

/** A PCI device of a host; nulls where the host does not report it or there is no holder. */
export const DeviceView = shape({
  host: Type.String(),
  address: Type.String(),
  ...Ids,
  dev_type: DeviceType,
  parent_addr: nullable(Type.String()),
  numa_node: nullable(Type.Integer()),
  ifname: nullable(Type.String()),
  /** Of a PF: has its interface a carrier? */
  link: nullable(Type.Enum(['up', 'down'])),
  /** Features of a VF's interface. Example: `['rx', 'tso', 'rxvlan']`. */
  network_capabilities: nullable(Type.Array(Type.String())),
  /** From the vital product data of the card. */
  card_serial_number: nullable(Type.String()),
  /** Why it must not be assigned; null: it may be. */
  quarantine: nullable(Type.String()),
  /** Why a held device is missing though its address exists. */
  replaced: nullable(Type.String()),
  tags: Tags,
  physical_network: nullable(Type.String()),
  status: DeviceStatus,
  instance_uuid: nullable(Type.String()),
  request_id: nullable(Type.String()),
});
export type DeviceView = Static<typeof DeviceView>;

export const DevicesReply = shape({
  devices: Type.Array(DeviceView),
  devices_links: Type.Optional(Links),
});
/** The devices that one server holds: all of them, on one host or, while it moves, on two. */
export const ServerDevicesReply = shape({ devices: Type.Array(DeviceView) });

export type DevicesReply = Static<typeof DevicesReply>;

/** Devices of one host alike in all that a request can specify. `address` is their PF's. */
export const PoolView = shape({
  host: Type.String(),
  ...Ids,
  dev_type: DeviceType,
  numa_node: nullable(Type.Integer()),
  address: Type.String(),
  tags: Tags,
  physical_network: nullable(Type.String()),
  count: Type.Integer(),
});
export type PoolView = Static<typeof PoolView>;

/**
 * The roll-up of the pools by physical network, product and vendor. Source: the seed, stats entry.
 */
export const StatsView = shape({
  host: Type.String(),
  physical_network: nullable(Type.String()),
  ...Ids,
  count: Type.Integer(),
});
export type StatsView = Static<typeof StatsView>;

export const PoolsReply = shape({
  pools: Type.Array(PoolView),
  stats: Type.Array(StatsView),
  pools_links: Type.Optional(Links),
});
export type PoolsReply = Static<typeof PoolsReply>;
