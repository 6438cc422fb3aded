/** The names of a PCI function's network interfaces. */
import type { PciFunction } from './device.ts';

type Named = Pick<PciFunction, 'ifname' | 'otherIfnames'>;

/**
 * All of them, the first port's first. Example: a ConnectX-3 → `['enp65s0', 'enp65s0d1']`; a VF in
 * a guest → `[]`.
 */
export function ifnamesOf({ ifname, otherIfnames = [] }: Named): string[] {
  return ifname === null ? [] : [ifname, ...otherIfnames];
}

/**
 * Is this one of its interfaces? Source: Nova `get_function_by_ifname`, which follows any interface
 * to its function.
 */
export function hasIfname({ ifname, otherIfnames }: Named, name: string): boolean {
  return ifname === name || (ifname !== null && otherIfnames?.includes(name) === true);
}
