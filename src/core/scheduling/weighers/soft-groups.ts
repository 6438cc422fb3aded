/**
 * Brings servers of a soft-affinity group together, and those of a soft-anti-affinity group apart.
 * Source: Nova `ServerGroupSoftAffinityWeigher`, `ServerGroupSoftAntiAffinityWeigher`.
 */
import type { GroupWeigher } from '../filter.ts';
import type { HostState } from '../host-state.ts';
import type { RequestSpec } from '../request-spec.ts';

export const softAffinity: GroupWeigher = {
  name: 'soft_affinity',
  policy: 'soft-affinity',
  weigh: membersOn,
};

export const softAntiAffinity: GroupWeigher = {
  name: 'soft_anti_affinity',
  policy: 'soft-anti-affinity',
  prefersLess: true,
  weigh: membersOn,
};

function membersOn({ name }: HostState, { group }: RequestSpec): number {
  return group?.hosts.get(name) ?? 0;
}
