/**
 * Which members of an IOMMU group keep vfio from assigning the group. Source: Linux
 * `Documentation/driver-api/vfio.rst`, `drivers/vfio`.
 */
import type { PciAddress } from './address.ts';

/** `classCode`: six hexadecimal digits, `060400` is a PCI bridge. `driver` null: none is bound. */
export interface GroupMember {
  address: PciAddress;
  classCode: string;
  driver: string | null;
}

/** Drivers that leave DMA to the owner of the group. */
const harmlessDrivers = ['pci-stub', 'pcieport'];

/**
 * Does the host itself use this member, so that no guest can have another member of its group?
 * Bridges of all kinds, functions without a driver, and those on a vfio driver, pci-stub or
 * pcieport do no harm. Example: class `040300` with `snd_hda_intel` → true; class `060000` → false.
 */
export function isUsedByHost({ classCode, driver }: Omit<GroupMember, 'address'>): boolean {
  if (driver === null || classCode.startsWith('06')) return false;
  return !isVfioDriver(driver) && !harmlessDrivers.includes(driver);
}

/** `vfio-pci` and vendors' variants of it. Example: `mlx5_vfio_pci` → true. */
export function isVfioDriver(driver: string): boolean {
  return driver.includes('vfio');
}
