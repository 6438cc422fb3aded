/**
 * Brings servers of a soft-affinity group together, and those of a soft-anti-affinity group apart. Outweighs the balance of free amounts,
 * not the care for hosts with devices. Source: Nova `ServerGroupSoftAffinityWeigher`, `ServerGroupSoftAntiAffinityWeigher`.
 */
import type { Weigher } from '../filter.ts';

export const serverGroup: Weigher = {
  name: 'group',
  multiplier: 5,
  weigh: (host, { group = null }) => {
    if (group === null) return 0;
    const count = group.hosts.get(host.name) ?? 0;
    if (group.policy === 'soft-affinity') return count;
    return group.policy === 'soft-anti-affinity' ? -count : 0;
  },
};
