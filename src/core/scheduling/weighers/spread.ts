/** Servers with devices go to the host that has the most of them left, so that the failure of one host takes few. */
import { matchesRequest } from '../../pci/pool-match.ts';
import type { PciRequest } from '../../pci/request.ts';
import type { Weigher } from '../filter.ts';

export const spread: Weigher = {
  name: 'spread',
  multiplier: 1,
  weigh: (host, { pciRequests }) => {
    let free = 0;
    for (const pool of host.pools) {
      const isAskedFor = (request: PciRequest) => matchesRequest(pool, request);
      if (pool.count > 0 && pciRequests.some(isAskedFor)) free += pool.count;
    }
    return free;
  },
};
