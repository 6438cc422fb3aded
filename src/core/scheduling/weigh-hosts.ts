/** Orders hosts that passed the filters, best first. */
import { compareText } from '../compare-text.ts';
import type { Candidate } from './decision.ts';
import type { Weigher } from './filter.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { cpu } from './weighers/cpu.ts';
import { disk } from './weighers/disk.ts';
import { pci } from './weighers/pci.ts';
import { ram } from './weighers/ram.ts';
import { softAffinity, softAntiAffinity } from './weighers/soft-groups.ts';
import { standardWeights, type Weights } from './weights.ts';

/** Those of the host alone first, so that their amounts can be kept with it. */
const ofHost = [cpu, ram, disk, pci];
const ofGroup = [softAffinity, softAntiAffinity];

/** How many amounts a host has. */
export const amountsPerHost = ofHost.length;

/**
 * What the weighers read of the host alone; a fleet keeps it. Example: 508 free vcpus, memory, disk
 * and 12 free devices → `[508, 1024, 40, 12]`.
 */
export function amountsOf(host: HostState): number[] {
  return ofHost.map((weigher) => weigher.weigh(host));
}

/**
 * `limit`: at most this many; left out: all. Weights are relative to all hosts given either way.
 */
export interface Weighing {
  limit?: number;
  /** Left out: the standard ones. */
  weights?: Weights;
}

/**
 * The candidates, best first, equal ones by name. Example: hosts with 1 and 3 free VFs, alike
 * otherwise → the one with 1 first. Source: Nova `HostWeightHandler`.
 */
export function weighHosts(
  hosts: readonly HostState[],
  spec: RequestSpec,
  weighing: Weighing = {},
): Candidate[] {
  const amounts = new Float64Array(hosts.length * amountsPerHost);
  for (const [at, host] of hosts.entries()) amounts.set(amountsOf(host), at * amountsPerHost);
  return weighKnown({ amounts, host: (at) => hosts[at] }, spec, weighing);
}

/**
 * Hosts whose amounts are known: those of each host in turn. The hosts themselves are rarely read.
 */
export interface KnownHosts {
  amounts: Float64Array;
  host: (at: number) => HostState | undefined;
}

/** As `weighHosts`. */
export function weighKnown(
  hosts: KnownHosts,
  spec: RequestSpec,
  { limit = Infinity, weights = standardWeights }: Weighing = {},
): Candidate[] {
  const { amounts } = hosts;
  const sums = new Float64Array(amounts.length / amountsPerHost);
  const columns = [
    ...ofHost.map((weigher, at) => ({
      weigher,
      values: { of: amounts, from: at, each: amountsPerHost },
    })),
    ...ofGroup
      .filter((weigher) => weigher.policy === spec.group?.policy)
      .map((weigher) => {
        const of = Float64Array.from(sums, (_, at) => {
          const host = hosts.host(at);
          return host === undefined ? 0 : weigher.weigh(host, spec);
        });
        return { weigher, values: { of, from: 0, each: 1 } };
      }),
  ].flatMap(({ weigher, values }) => scaled(weigher, values, weights[weigher.name]) ?? []);
  for (const column of columns) addTo(sums, column);
  const nameAt = (at: number): string => hosts.host(at)?.name ?? '';
  return bestPlaces(nameAt, sums, limit).map((at) => ({
    host: nameAt(at),
    weight: sums[at] ?? 0,
    weights: weightsAt(columns, at),
  }));
}

/** The values of one weigher: every `each`th number. */
interface Values {
  of: Float64Array;
  from: number;
  each: number;
}

/** The weight of a value is its distance from `origin` times `scale`. */
interface Column extends Values {
  weigher: Pick<Weigher, 'name'>;
  prefersLess: boolean;
  origin: number;
  scale: number;
}

/** Weights are scaled to 0…the configured weight; undefined where they are 0 for all hosts. */
function scaled(
  weigher: Pick<Weigher, 'name' | 'fromZero' | 'prefersLess'>,
  values: Values,
  weight: number,
): Column | undefined {
  if (weight === 0) return undefined;
  const { of, from, each } = values;
  let lowest = Infinity;
  let highest = -Infinity;
  for (let at = from; at < of.length; at += each) {
    const value = of[at] ?? 0;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (highest <= lowest) return undefined;
  const least = weigher.fromZero === true ? Math.min(0, lowest) : lowest;
  const prefersLess = weigher.prefersLess === true;
  const scale = weight / (highest - least);
  return { ...values, weigher, prefersLess, origin: prefersLess ? highest : least, scale };
}

function addTo(sums: Float64Array, column: Column): void {
  for (let at = 0; at < sums.length; at += 1) sums[at] = (sums[at] ?? 0) + weightAt(column, at);
}

function weightAt({ of, from, each, prefersLess, origin, scale }: Column, at: number): number {
  const value = of[from + at * each] ?? 0;
  return (prefersLess ? origin - value : value - origin) * scale;
}

/** Of every weigher, in their order. */
function weightsAt(columns: readonly Column[], at: number): Candidate['weights'] {
  const weights: Candidate['weights'] = {
    cpu: 0,
    ram: 0,
    disk: 0,
    pci: 0,
    soft_affinity: 0,
    soft_anti_affinity: 0,
  };
  for (const column of columns) weights[column.weigher.name] = weightAt(column, at);
  return weights;
}

/** Indexes of the first `limit` hosts in order, without sorting the rest. */
function bestPlaces(
  nameAt: (at: number) => string,
  weights: Float64Array,
  limit: number,
): number[] {
  const compare = (one: number, other: number): number =>
    (weights[other] ?? 0) - (weights[one] ?? 0) || compareText(nameAt(one), nameAt(other));
  if (limit >= weights.length) return [...weights.keys()].sort(compare);
  const best: number[] = [];
  let least = -Infinity;
  for (let at = 0; at < weights.length; at += 1) {
    if ((weights[at] ?? 0) < least) continue;
    const last = best[limit - 1];
    if (last !== undefined && compare(at, last) > 0) continue;
    const place = best.findIndex((other) => compare(at, other) < 0);
    best.splice(place < 0 ? best.length : place, 0, at);
    best.length = Math.min(best.length, limit);
    if (best.length === limit) least = weights[best[limit - 1] ?? 0] ?? 0;
  }
  return best;
}
