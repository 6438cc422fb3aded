/** Picks the hosts that can take a server, best first, and says of every other one why not. Looks at snapshots; the claim decides. */
import { compareText } from '../compare-text.ts';
import type { Candidate, Rejection } from './decision.ts';
import type { Filter, Weigher } from './filter.ts';
import { availabilityZone } from './filters/availability-zone.ts';
import { failedHosts } from './filters/failed-hosts.ts';
import { forcedHost } from './filters/forced-host.ts';
import { hostAlive } from './filters/host-alive.ts';
import { hostEnabled } from './filters/host-enabled.ts';
import { pciPassthrough } from './filters/pci-passthrough.ts';
import { resources } from './filters/resources.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { cpu } from './weighers/cpu.ts';
import { pciAffinity } from './weighers/pci-affinity.ts';
import { ram } from './weighers/ram.ts';
import { spread } from './weighers/spread.ts';

/** In this order; the first that refuses is the one that is named. */
const filters: readonly Filter[] = [
  forcedHost,
  availabilityZone,
  hostEnabled,
  hostAlive,
  failedHosts,
  resources,
  pciPassthrough,
];

const weighers: readonly Weigher[] = [pciAffinity, spread, cpu, ram];

/**
 * Candidates best first (equal ones by name), and the rejected hosts by name. Example: two hosts, one without free VFs of physnet2 → one
 * candidate, one rejection by filter "pci". Source: Nova `FilterScheduler`.
 */
export function selectHosts(
  spec: RequestSpec,
  hosts: readonly HostState[],
): { candidates: Candidate[]; rejections: Rejection[] } {
  const inOrder = hosts.toSorted((one, other) => compareText(one.name, other.name));
  const verdicts = inOrder.map((host) => ({ host, rejection: reject(host, spec) }));
  const passing = verdicts.filter(({ rejection }) => rejection === undefined);
  return {
    candidates: weigh(
      passing.map(({ host }) => host),
      spec,
    ),
    rejections: verdicts.flatMap(({ rejection }) => rejection ?? []),
  };
}

function reject(host: HostState, spec: RequestSpec): Rejection | undefined {
  for (const filter of filters) {
    const reasons = filter.check(host, spec);
    if (reasons.length > 0) return { host: host.name, filter: filter.name, reasons };
  }
  return undefined;
}

function weigh(hosts: readonly HostState[], spec: RequestSpec): Candidate[] {
  const columns = weighers.map((weigher) => ({
    name: weigher.name,
    values: normalize(hosts.map((host) => weigher.weigh(host, spec))).map(
      (value) => value * weigher.multiplier,
    ),
  }));
  const candidates = hosts.map((host, at): Candidate => {
    const weights = columns.map(({ name, values }) => [name, values[at] ?? 0] as const);
    return {
      host: host.name,
      weight: weights.reduce((sum, [, value]) => sum + value, 0),
      weights: Object.fromEntries(weights),
    };
  });
  return candidates.toSorted(
    (one, other) => other.weight - one.weight || compareText(one.host, other.host),
  );
}

/** Scales to 0…1; all alike gives 0, so that a weigher which sees no difference makes none. */
function normalize(values: readonly number[]): number[] {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  return values.map((value) => (range === 0 ? 0 : (value - lowest) / range));
}
