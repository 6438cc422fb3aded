/**
 * Prefers hosts with fewer free devices: plain servers stay off the hosts that have many, and
 * servers with devices fill one host before the next, so that one which asks for several still
 * finds them on one host. Source: Nova `PCIWeigher`. How this one is scaled is our own:
 * docs/decisions/0021-weights-count-from-zero.md.
 */
import type { HostState } from '../host-state.ts';
import type { Weigher } from '../filter.ts';

/** Hosts with this many free devices or more are alike: where there are so many, none is scarce. */
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
