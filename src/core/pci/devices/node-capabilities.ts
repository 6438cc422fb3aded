/** What the hypervisor reports of a function, in addition to sysfs. */
import type { PciCapabilities, PciFunction } from './device.ts';

/**
 * What the hypervisor reports of a function. Absent keys: not reported. Example: `{ network: ['rx',
 * 'tx'], vpd: { cardSerialNumber: 'MT2042X12345' } }`.
 */
export type NodeCapabilities = Pick<PciCapabilities, 'network' | 'vpd'>;

/**
 * Why a function that the hypervisor does not list is not offered. Source: the seed, "PCI
 * Whitelist": entries are matched against devices that querying libvirt returns.
 */
export const unknownToHypervisor =
  'libvirt does not know it: virsh nodedev-list --cap pci does not have it';

/**
 * The function with what the hypervisor reports of it; quarantined where it reports nothing, unless
 * already quarantined. A serial from sysfs is kept: it identifies the device, and is available
 * while the hypervisor does not respond. Example: VF and `{ network: ['rx'] }` → the VF with
 * `capabilities.network`.
 */
export function withNodeCapabilities(
  fn: PciFunction,
  known: NodeCapabilities | undefined,
): PciFunction {
  if (known === undefined) return { ...fn, quarantine: fn.quarantine ?? unknownToHypervisor };
  if (!addsTo(fn, known)) return fn;
  return { ...fn, capabilities: { ...known, ...fn.capabilities } };
}

/** Whether the hypervisor reports more of the function than sysfs. */
function addsTo({ capabilities }: PciFunction, known: NodeCapabilities): boolean {
  return Object.keys(known).some((key) => !Object.hasOwn(capabilities, key));
}
