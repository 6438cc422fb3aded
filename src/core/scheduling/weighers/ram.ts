/** Prefers hosts with more free memory. Source: Nova `RAMWeigher`. */
import type { Weigher } from '../filter.ts';

export const ram: Weigher = {
  name: 'ram',
  fromZero: true,
  weigh: (host) => host.memoryMib * host.memoryAllocationRatio - host.memoryMibUsed,
};
