/** Prefers hosts with more free disk. Source: Nova `DiskWeigher`. */
import type { Weigher } from '../filter.ts';

export const disk: Weigher = {
  name: 'disk',
  fromZero: true,
  weigh: (host) => host.diskGib * host.diskAllocationRatio - host.diskGibUsed,
};
