/** A function as the hypervisor knows it, beside what sysfs says. */
import type { PciCapabilities, PciFunction } from './device.ts';

/**
 * What the hypervisor says of a function. Absent keys: nothing. Example: `{ network: ['rx', 'tx'],
 * vpd: { cardSerialNumber: 'MT2042X12345' } }`.
 */
export type NodeCapabilities = Pick<PciCapabilities, 'network' | 'vpd'>;

/**
 * Why a function that the hypervisor does not know is offered to nobody. Source: the seed, "PCI
 * Whitelist": entries are matched against devices that querying libvirt returns.
 */
export const unknownToHypervisor =
  'libvirt does not know it: virsh nodedev-list --cap pci does not have it';

/**
 * The function with what the hypervisor says of it; quarantined where it does not know it, unless
 * it is quarantined already. A serial that sysfs has stays: it is there while the hypervisor does
 * not answer, too, and a device is known by it. Example: VF and `{ network: ['rx'] }` → the VF with
 * `capabilities.network`.
 */
export function withNodeCapabilities(
  fn: PciFunction,
  known: NodeCapabilities | undefined,
): PciFunction {
  if (known === undefined) return { ...fn, quarantine: fn.quarantine ?? unknownToHypervisor };
  return { ...fn, capabilities: { ...known, ...fn.capabilities } };
}
