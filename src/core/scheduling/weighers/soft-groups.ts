/**
 * Brings servers of a soft-affinity group together, and those of a soft-anti-affinity group apart.
 * Source: Nova `ServerGroupSoftAffinityWeigher`, `ServerGroupSoftAntiAffinityWeigher`.
 */
import type { Weigher } from '../filter.ts';
import type { HostState } from '../host-state.ts';
import type { RequestSpec } from '../request-spec.ts';

export const softAffinity: Weigher = {
  name: 'soft_affinity',
  weigh: (host, spec) => membersOn(host, spec, 'soft-affinity'),
};

export const softAntiAffinity: Weigher = {
  name: 'soft_anti_affinity',
  prefersLess: true,
  weigh: (host, spec) => membersOn(host, spec, 'soft-anti-affinity'),
};

function membersOn({ name }: HostState, { group }: RequestSpec, policy: string): number {
  return group?.policy === policy ? (group.hosts.get(name) ?? 0) : 0;
}
