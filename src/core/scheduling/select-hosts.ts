/**
 * Picks the hosts that can take a server, best first, and returns for every other one why not. Uses
 * snapshots; the claim decides.
 */
import { compareText } from '../compare-text.ts';
import type { Candidate, Rejection } from './decision.ts';
import type { Filter } from './filter.ts';
import { aggregateSpecs } from './filters/aggregate-specs.ts';
import { availabilityZone } from './filters/availability-zone.ts';
import { failedHosts } from './filters/failed-hosts.ts';
import { forcedHost } from './filters/forced-host.ts';
import { guestTransfer } from './filters/guest-transfer.ts';
import { hostAlive } from './filters/host-alive.ts';
import { hostEnabled } from './filters/host-enabled.ts';
import { hostHealth } from './filters/host-health.ts';
import { differentHost, sameHost } from './filters/host-hints.ts';
import { networkAgents } from './filters/network-agents.ts';
import { numaTopology } from './filters/numa.ts';
import { pciPassthrough } from './filters/pci-passthrough.ts';
import { resources } from './filters/resources.ts';
import { serverGroup } from './filters/server-group.ts';
import { Fleet } from './fleet.ts';
import { filtersByFigures } from './host-figures.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { weighHosts, type Weighing, weighKnown } from './weigh-hosts.ts';

/** In this order; the first that refuses is reported. */
const filters: readonly Filter[] = [
  forcedHost,
  availabilityZone,
  aggregateSpecs,
  sameHost,
  differentHost,
  hostEnabled,
  hostAlive,
  hostHealth,
  failedHosts,
  guestTransfer,
  serverGroup,
  resources,
  numaTopology,
  pciPassthrough,
  networkAgents,
];

/** The candidates, and the hosts that a filter refused, which are made when they are first read. */
export interface HostSelection {
  candidates: Candidate[];
  readonly rejections: Rejection[];
}

/**
 * Candidates best first (equal ones by name), and the rejected hosts by name. Example: two hosts,
 * one without free VFs of physnet2 → one candidate, one rejection by filter "pci". Source: Nova
 * `FilterScheduler`.
 */
export function selectHosts(
  spec: RequestSpec,
  hosts: readonly HostState[] | Fleet,
  weighing: Weighing = {},
): HostSelection {
  if (hosts instanceof Fleet) return selectFrom(hosts, spec, weighing);
  const active = activeFilters(spec);
  const passing = hosts.filter((host) => firstRefusing(active, host, spec) === undefined);
  const refused = () => {
    const accepted = new Set(passing);
    return hosts.filter((host) => !accepted.has(host));
  };
  return selection(weighHosts(passing, spec, weighing), refused, spec);
}

/** As by the list of the fleet's hosts, at the cost of those that may fit. */
function selectFrom(fleet: Fleet, spec: RequestSpec, weighing: Weighing): HostSelection {
  const passing = passingSlots(fleet, spec);
  const refused = fleet.hostsExcept(passing);
  return selection(weighKnown(fleet.known(passing), spec, weighing), refused, spec);
}

function selection(
  candidates: Candidate[],
  refused: () => HostState[],
  spec: RequestSpec,
): HostSelection {
  let rejections: Rejection[] | undefined;
  return {
    candidates,
    get rejections() {
      rejections ??= rejectionsOf(refused(), spec);
      return rejections;
    },
  };
}

function rejectionsOf(hosts: readonly HostState[], spec: RequestSpec): Rejection[] {
  const active = activeFilters(spec);
  const rejections: Rejection[] = [];
  for (const host of hosts) {
    for (const filter of active) {
      const reasons = filter.check(host, spec);
      if (reasons.length === 0) continue;
      rejections.push({ host: host.name, filter: filter.name, reasons });
      break;
    }
  }
  return rejections.sort((one, other) => compareText(one.host, other.host));
}

/** More than a boot tries before it gives up. */
const candidatesTried = 10;

/**
 * The best candidates of a fleet, at most `limit`: the same, in the same order, as the first of
 * `selectHosts`. When it returns none, the rejections of `selectHosts` say why.
 */
export function selectBest(
  spec: RequestSpec,
  fleet: Fleet,
  { limit = candidatesTried, weights }: Weighing = {},
): Candidate[] {
  const passing = passingSlots(fleet, spec);
  return weighKnown(fleet.known(passing), spec, { limit, ...(weights && { weights }) });
}

/** In the list that `fitting` returned. */
function passingSlots(fleet: Fleet, spec: RequestSpec): Int32Array {
  const { slots, isExact } = fleet.fitting(spec.pciRequests);
  const isDecided = isExact && (spec.numa ?? null) === null;
  const active = activeFilters(spec).filter((filter) => !isDecided || filter !== pciPassthrough);
  const others = active.filter((filter) => !filtersByFigures.has(filter));
  let passing = 0;
  for (const slot of slots) {
    const undecided = fleet.isSurelyAccepted(slot, spec) ? others : active;
    if (undecided.length > 0) {
      const host = fleet.in(slot);
      if (host === undefined || firstRefusing(undecided, host, spec) !== undefined) continue;
    }
    slots[passing] = slot;
    passing += 1;
  }
  return slots.subarray(0, passing);
}

function activeFilters(spec: RequestSpec): Filter[] {
  return filters.filter((filter) => filter.isIdle?.(spec) !== true);
}

function firstRefusing(
  active: readonly Filter[],
  host: HostState,
  spec: RequestSpec,
): Filter | undefined {
  for (const filter of active) if (!accepts(filter, host, spec)) return filter;
  return undefined;
}

function accepts(filter: Filter, host: HostState, spec: RequestSpec): boolean {
  return filter.passes?.(host, spec) ?? filter.check(host, spec).length === 0;
}
