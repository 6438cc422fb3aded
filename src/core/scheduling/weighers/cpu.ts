/** Prefers hosts with more free vcpus. Source: Nova `CPUWeigher`. */
import type { Weigher } from '../filter.ts';

export const cpu: Weigher = {
  name: 'cpu',
  fromZero: true,
  weigh: (host) => host.vcpus * host.cpuAllocationRatio - host.vcpusUsed,
};
