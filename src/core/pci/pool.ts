/** Pools: devices alike in everything a request can ask for, counted. What the scheduler sees of a host. */
import type { PciDeviceType } from './device.ts';
import type { DeviceTags } from './device.ts';

/**
 * A count of like devices. `address` is the PF's (or the device's own when it has none), as Nova's pool key `address`.
 * `pci_stats` keeps the list of these as JSON. Source: Nova `pci/stats.py`, `PciDeviceStats.pool_keys`.
 */
export interface PciDevicePool {
  vendorId: string;
  productId: string;
  numaNode: number | null;
  deviceType: PciDeviceType;
  address: string;
  parentIfname: string | null;
  tags: DeviceTags;
  count: number;
}
