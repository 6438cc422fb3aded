/** Keeps servers that need no device away from hosts that have free ones. Outweighs the others. Source: Nova `PCIWeigher`. */
import type { HostState } from '../host-state.ts';
import type { Weigher } from '../filter.ts';

export const pciAffinity: Weigher = {
  name: 'pci',
  multiplier: 10,
  weigh: (host, { pciRequests }) => (pciRequests.length === 0 ? -freeDevices(host) : 0),
};

function freeDevices(host: HostState): number {
  return host.pools.reduce((sum, pool) => sum + pool.count, 0);
}
