/**
 * Pools: counts of devices equal in everything a request can require. The scheduler's view of a
 * host.
 */
import { compareText } from '../../compare-text.ts';
import { comparePciAddresses } from '../devices/address.ts';
import type { DeviceTags, PciDevice, PciDeviceType } from '../devices/device.ts';

/**
 * A count of equal free devices. `address` is the PF's (or the device's own when it has none), as
 * Nova's pool key `address`. `pci_stats` keeps the list of these as JSON. Source: Nova
 * `pci/stats.py`, `PciDeviceStats.pool_keys`.
 */
export interface PciDevicePool {
  vendorId: string;
  productId: string;
  numaNode: number | null;
  deviceType: PciDeviceType;
  address: string;
  parentIfname: string | null;
  /** Tags of the device spec, and for SR-IOV devices always `remote_managed`. */
  tags: DeviceTags;
  count: number;
}

/** A pool with the devices behind its count, in address order. */
export interface FreeInPool {
  pool: PciDevicePool;
  free: PciDevice[];
}

/** A pool with its free devices, and with all that belong to it, free or not. */
export interface PoolWithDevices extends FreeInPool {
  members: PciDevice[];
}

/**
 * The pools of a host's devices, in address order. Only available devices count; a pool that is
 * used up stays with count 0, so that "used up" can be distinguished from "not offered". Example:
 * PF 0000:01:00.0 free with 3 free VFs → two pools, counts 1 and 3.
 */
export function poolsOf(devices: readonly PciDevice[]): PciDevicePool[] {
  return groupByPool(devices).map(({ pool }) => pool);
}

/** As `poolsOf`, with the free devices of each pool. */
export function groupByPool(devices: readonly PciDevice[]): PoolWithDevices[] {
  const groups = new Map<string, PoolWithDevices>();
  const inOrder = devices.toSorted((one, other) => comparePciAddresses(one.address, other.address));
  let last: { device: PciDevice; group: PoolWithDevices } | undefined;
  for (const device of inOrder) {
    if (device.status === 'removed') continue;
    const group =
      last !== undefined && isInSamePool(last.device, device)
        ? last.group
        : groupOf(device, groups);
    last = { device, group };
    group.members.push(device);
    if (device.status !== 'available') continue;
    group.free.push(device);
    group.pool.count += 1;
  }
  // Each key is made once: tags may be long.
  const keyed = [...groups.values()].map((group) => ({ group, key: sortKey(group) }));
  return keyed.toSorted((one, other) => compareText(one.key, other.key)).map(({ group }) => group);
}

function groupOf(device: PciDevice, groups: Map<string, PoolWithDevices>): PoolWithDevices {
  const pool = emptyPoolFor(device);
  const key = poolKey(pool);
  const group = groups.get(key) ?? { pool, free: [], members: [] };
  groups.set(key, group);
  return group;
}

/** Cheaper than to compare keys, and true for most VFs of a card; false where uncertain. */
function isInSamePool(one: PciDevice, other: PciDevice): boolean {
  return (
    one.parentAddress !== null &&
    one.parentAddress === other.parentAddress &&
    one.vendorId === other.vendorId &&
    one.productId === other.productId &&
    one.numaNode === other.numaNode &&
    one.deviceType === other.deviceType &&
    one.parentIfname === other.parentIfname &&
    haveSameTags(one.tags, other.tags)
  );
}

function haveSameTags(one: DeviceTags, other: DeviceTags): boolean {
  if (one === other) return true;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
  );
}

/** Everything but the count, as one text: the same for pools of equal devices. */
export function poolKey(pool: PciDevicePool): string {
  const { vendorId, productId, numaNode, deviceType, address, parentIfname, tags } = pool;
  const inOrder = Object.entries(tags).toSorted(([one], [other]) => compareText(one, other));
  return JSON.stringify([
    vendorId,
    productId,
    numaNode,
    deviceType,
    address,
    parentIfname,
    inOrder,
  ]);
}

/** Tags that a server cannot request; only Nova's Placement uses them. */
const tagsOutsidePools = new Set(['resource_class', 'traits']);

function emptyPoolFor(device: PciDevice): PciDevicePool {
  const tags: DeviceTags = Object.fromEntries(
    Object.entries(device.tags).filter(([tag]) => !tagsOutsidePools.has(tag)),
  );
  if (device.deviceType !== 'type-PCI') tags['remote_managed'] ??= 'false';
  return {
    vendorId: device.vendorId,
    productId: device.productId,
    numaNode: device.numaNode,
    deviceType: device.deviceType,
    address: device.parentAddress ?? device.address,
    parentIfname: device.parentIfname,
    tags,
    count: 0,
  };
}

function sortKey({ pool }: PoolWithDevices): string {
  return `${pool.address} ${pool.deviceType} ${poolKey(pool)}`;
}
