/** Servers with devices go to the host that has the most of them left, so that the failure of one host takes few. */
import { matchesRequest } from '../../pci/pool-match.ts';
import type { Weigher } from '../filter.ts';

export const spread: Weigher = {
  name: 'spread',
  multiplier: 1,
  weigh: (host, { pciRequests }) =>
    host.pools
      .filter((pool) => pciRequests.some((request) => matchesRequest(pool, request)))
      .reduce((sum, pool) => sum + pool.count, 0),
};
