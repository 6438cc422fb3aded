/** Pools as `compute_nodes.pci_stats` keeps them: JSON with Nova's key names. */
import type { DeviceTags, PciDeviceType } from '#core/pci/devices/device.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';

/**
 * One pool in `pci_stats`. Tags are nested, so that no tag can shadow a key. Source: Nova object
 * `PciDevicePool`.
 */
export interface PoolRow {
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
 * A pool as stored. Example: `{ vendorId: '8086', count: 3, … }` → `{ vendor_id: '8086', count: 3,
 * … }`.
 */
export function poolToRow(pool: PciDevicePool): PoolRow {
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

/** The pool of a row that `poolToRow` made. */
export function poolOfRow(row: PoolRow): PciDevicePool {
  return {
    vendorId: row.vendor_id,
    productId: row.product_id,
    numaNode: row.numa_node,
    deviceType: row.dev_type,
    address: row.address,
    parentIfname: row.parent_ifname,
    tags: row.tags,
    count: row.count,
  };
}
