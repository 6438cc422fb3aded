/**
 * Refuses a host that would break a hard server group policy. Source: Nova
 * `ServerGroupAffinityFilter`, `ServerGroupAntiAffinityFilter`.
 */
import type { Reason } from '../../reason.ts';
import type { Filter } from '../filter.ts';
import type { SpecGroup } from '../request-spec.ts';

export const serverGroup: Filter = {
  name: 'group',
  isIdle: ({ group = null }) => group === null,
  check(host, { group = null }) {
    if (group === null) return [];
    if (group.policy === 'affinity') return elsewhere(group, host.name);
    return group.policy === 'anti-affinity' ? full(group, host.name) : [];
  },
};

function elsewhere({ name, hosts }: SpecGroup, host: string): Reason[] {
  if (hosts.size === 0 || hosts.has(host)) return [];
  const names = [...hosts.keys()].sort();
  return [
    {
      code: 'group-elsewhere',
      message: `server group ${name} (affinity): its servers are on ${names.join(', ')}`,
      data: { group: name, hosts: names },
    },
  ];
}

function full({ name, hosts, maxServersPerHost }: SpecGroup, host: string): Reason[] {
  const count = hosts.get(host) ?? 0;
  if (count < maxServersPerHost) return [];
  return [
    {
      code: 'group-full',
      message: `server group ${name} (anti-affinity): ${count} of ${maxServersPerHost} servers on this host already`,
      data: { group: name, servers: count, maxServersPerHost },
    },
  ];
}
