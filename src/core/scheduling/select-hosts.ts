/**
 * Picks the hosts that can take a server, best first, and returns for every other one why not. Uses
 * snapshots; the claim decides.
 */
import { compareText } from '../compare-text.ts';
import type { Candidate, Rejection } from './decision.ts';
import type { Filter } from './filter.ts';
import { availabilityZone } from './filters/availability-zone.ts';
import { failedHosts } from './filters/failed-hosts.ts';
import { forcedHost } from './filters/forced-host.ts';
import { hostAlive } from './filters/host-alive.ts';
import { hostEnabled } from './filters/host-enabled.ts';
import { hostHealth } from './filters/host-health.ts';
import { differentHost, sameHost } from './filters/host-hints.ts';
import { networkAgents } from './filters/network-agents.ts';
import { numaTopology } from './filters/numa.ts';
import { pciPassthrough } from './filters/pci-passthrough.ts';
import { resources } from './filters/resources.ts';
import { serverGroup } from './filters/server-group.ts';
import type { Fleet } from './fleet.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { type Weighing, weighHosts } from './weigh-hosts.ts';

/** In this order; the first that refuses is reported. */
const filters: readonly Filter[] = [
  forcedHost,
  availabilityZone,
  sameHost,
  differentHost,
  hostEnabled,
  hostAlive,
  hostHealth,
  failedHosts,
  serverGroup,
  resources,
  numaTopology,
  pciPassthrough,
  networkAgents,
];

/**
 * Candidates best first (equal ones by name), and the rejected hosts by name. Example: two hosts,
 * one without free VFs of physnet2 → one candidate, one rejection by filter "pci". Source: Nova
 * `FilterScheduler`.
 */
export function selectHosts(
  spec: RequestSpec,
  hosts: readonly HostState[],
  weighing: Weighing = {},
): { candidates: Candidate[]; rejections: Rejection[] } {
  const inOrder = hosts.toSorted((one, other) => compareText(one.name, other.name));
  const verdicts = inOrder.map((host) => ({ host, rejection: reject(host, spec) }));
  const passing = verdicts.filter(({ rejection }) => rejection === undefined);
  return {
    candidates: weighHosts(
      passing.map(({ host }) => host),
      spec,
      weighing,
    ),
    rejections: verdicts.flatMap(({ rejection }) => rejection ?? []),
  };
}

/** More than a boot tries before it gives up. */
const candidatesTried = 10;

/**
 * The best candidates of a fleet, at most `limit`: the same, in the same order, as the first of
 * `selectHosts`, without reasons for the others. When it returns none, `selectHosts` of
 * `fleet.hosts` returns why.
 */
export function selectBest(
  spec: RequestSpec,
  fleet: Fleet,
  { limit = candidatesTried, weights }: Weighing = {},
): Candidate[] {
  const passing = fleet.hostsFor(spec.pciRequests).filter((host) => passes(host, spec));
  return weighHosts(passing, spec, { limit, ...(weights && { weights }) });
}

function passes(host: HostState, spec: RequestSpec): boolean {
  return filters.every((filter) =>
    filter.passes === undefined ? filter.check(host, spec).length === 0 : filter.passes(host, spec),
  );
}

function reject(host: HostState, spec: RequestSpec): Rejection | undefined {
  for (const filter of filters) {
    const reasons = filter.check(host, spec);
    if (reasons.length > 0) return { host: host.name, filter: filter.name, reasons };
  }
  return undefined;
}
