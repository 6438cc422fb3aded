/**
 * Prefers hosts with fewer free devices: plain servers stay off the hosts that have many, and
 * servers with devices fill one host before the next, so that one that requests several still finds
 * them on one host. Source: Nova `PCIWeigher`. The scaling is Novella's:
 * docs/decisions/0021-weights-count-from-zero.md.
 */
import type { HostState } from '../host-state.ts';
import type { Weigher } from '../filter.ts';

/** Hosts with this many free devices or more count as equal: devices are not scarce there. */
const plenty = 99;

export const pci: Weigher = {
  name: 'pci',
  fromZero: true,
  prefersLess: true,
  weigh: (host) => Math.min(freeDevices(host), plenty),
};

function freeDevices(host: HostState): number {
  let free = 0;
  for (const pool of host.pools) free += pool.count;
  return free;
}
