/**
 * The JSON form of pools with Nova's key names: what `compute_nodes.pci_stats` keeps and the
 * operator's API shows.
 */
import type { DeviceTags, PciDeviceType } from '../devices/device.ts';
import type { PciDevicePool } from './pool.ts';

/**
 * One pool in `pci_stats`. Tags are nested, so that no tag can hide a key. Source: Nova object
 * `PciDevicePool`.
 */
export interface PciPoolWire {
  vendor_id: string;
  product_id: string;
  numa_node: number | null;
  dev_type: PciDeviceType;
  address: string;
  parent_ifname: string | null;
  tags: DeviceTags;
  count: number;
}

/**
 * A pool in its JSON form. Example: `{ vendorId: '8086', count: 3, … }` → `{ vendor_id: '8086',
 * count: 3, … }`.
 */
export function poolToWire(pool: PciDevicePool): PciPoolWire {
  return {
    vendor_id: pool.vendorId,
    product_id: pool.productId,
    numa_node: pool.numaNode,
    dev_type: pool.deviceType,
    address: pool.address,
    parent_ifname: pool.parentIfname,
    tags: pool.tags,
    count: pool.count,
  };
}

/** The pool of a JSON form that `poolToWire` made. */
export function poolFromWire(wire: PciPoolWire): PciDevicePool {
  return {
    vendorId: wire.vendor_id,
    productId: wire.product_id,
    numaNode: wire.numa_node,
    deviceType: wire.dev_type,
    address: wire.address,
    parentIfname: wire.parent_ifname,
    tags: wire.tags,
    count: wire.count,
  };
}
