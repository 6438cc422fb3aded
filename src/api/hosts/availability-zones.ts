/**
 * Availability zones: the names that hosts give theirs. A zone is available while one of its hosts
 * is enabled.
 */
import type { HostSummary } from '#contracts/store/store.ts';
import { atMicrosecond } from '../requests/links.ts';
import type { Call, Reply } from '../requests/route.ts';
import { everyHost } from './host-pages.ts';
import { isUp } from './host-status.ts';

export async function listZones(call: Call): Promise<Reply> {
  const zones = await hostsByZone(call);
  return { body: { availabilityZoneInfo: zones.map(([, hosts]) => viewZone(hosts)) } };
}

/** With the hosts and their agents. */
export async function listZonesInDetail(call: Call): Promise<Reply> {
  const zones = await hostsByZone(call);
  const availabilityZoneInfo = zones.map(([, hosts]) => ({
    ...viewZone(hosts),
    hosts: Object.fromEntries(hosts.map((host) => [host.name, agentOf(call, host)])),
  }));
  return { body: { availabilityZoneInfo } };
}

async function hostsByZone(call: Call): Promise<[string, HostSummary[]][]> {
  const hosts = await everyHost(call.context.store.hosts);
  const zones = Map.groupBy(hosts, ({ availabilityZone }) => availabilityZone);
  return [...zones].sort(([one], [other]) => (one < other ? -1 : 1));
}

function viewZone(hosts: HostSummary[]) {
  return {
    zoneName: hosts[0]?.availabilityZone,
    zoneState: { available: hosts.some(({ enabled }) => enabled) },
    hosts: null,
  };
}

function agentOf(call: Call, host: HostSummary) {
  return {
    'nova-compute': {
      available: isUp(call.context, host),
      active: host.enabled,
      updated_at: atMicrosecond(call.context.links.lastSeenAt(host) || null),
    },
  };
}
