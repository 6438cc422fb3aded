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
import { standardWeights, type WeigherName, type Weights } from './weights.ts';

/** Those of the host alone first, so that their amounts can be kept with it. */
const ofHost = [cpu, ram, disk, pci];
const ofGroup = [softAffinity, softAntiAffinity];

/**
 * What the weighers read of hosts alone: one list of numbers for each of them, in which a host has
 * its place. A fleet keeps them. Example: `amounts[1]?.[place]`: the memory that the host there has
 * left.
 */
export type Amounts = readonly Float64Array[];

/** Room for the amounts of so many hosts; those of `before` are copied. */
export function roomForAmounts(hosts: number, before: Amounts = []): Amounts {
  return ofHost.map((_, at) => {
    const amounts = new Float64Array(hosts);
    amounts.set(before[at] ?? []);
    return amounts;
  });
}

/** Writes the amounts of the host in this place. */
export function writeAmounts(amounts: Amounts, place: number, host: HostState): void {
  for (const [at, weigher] of ofHost.entries()) {
    const column = amounts[at];
    if (column !== undefined) column[place] = weigher.weigh(host);
  }
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
  const amounts = roomForAmounts(hosts.length);
  const places = new Int32Array(hosts.length);
  for (const [place, host] of hosts.entries()) {
    places[place] = place;
    writeAmounts(amounts, place, host);
  }
  return weighKnown({ places, amounts, host: (place) => hosts[place] }, spec, weighing);
}

/** Hosts whose amounts are known, by their places. The hosts themselves are rarely read. */
export interface KnownHosts {
  places: Int32Array;
  amounts: Amounts;
  host: (place: number) => HostState | undefined;
}

/** As `weighHosts`. */
export function weighKnown(
  hosts: KnownHosts,
  spec: RequestSpec,
  { limit = Infinity, weights = standardWeights }: Weighing = {},
): Candidate[] {
  const { places } = hosts;
  const columns: Column[] = [];
  for (const { weigher, values } of valuesOf(hosts, spec)) {
    const column = scaled(weigher, values, places, weights[weigher.name]);
    if (column !== undefined) columns.push(column);
  }
  const candidate = (place: number): Candidate => ({
    host: hosts.host(place)?.name ?? '',
    weight: weightOf(columns, place),
    weights: weightsOf(columns, place),
  });
  if (limit >= places.length) return Array.from(places, candidate).sort(inOrder);
  return bestPlaces(places, columns, limit, (place) => hosts.host(place)?.name ?? '').map(
    candidate,
  );
}

/** Each weigher that counts for this server, with its value of every place. */
function valuesOf({ places, amounts, host }: KnownHosts, spec: RequestSpec): WeigherValues[] {
  const all: WeigherValues[] = ofHost.map((weigher, at) => ({
    weigher,
    values: amounts[at] ?? new Float64Array(),
  }));
  for (const weigher of ofGroup) {
    if (weigher.policy !== spec.group?.policy) continue;
    const values = new Float64Array(amounts[0]?.length ?? 0);
    for (const place of places) {
      const state = host(place);
      if (state !== undefined) values[place] = weigher.weigh(state, spec);
    }
    all.push({ weigher, values });
  }
  return all;
}

interface WeigherValues {
  weigher: Pick<Weigher, 'name' | 'fromZero' | 'prefersLess'>;
  values: Float64Array;
}

/** The weight of a place is the distance of its value from `origin` times `scale`. */
interface Column {
  name: WeigherName;
  values: Float64Array;
  prefersLess: boolean;
  origin: number;
  scale: number;
}

/** Weights are scaled to 0…the configured weight; undefined where they are 0 for all hosts. */
function scaled(
  weigher: WeigherValues['weigher'],
  values: Float64Array,
  places: Int32Array,
  weight: number,
): Column | undefined {
  if (weight === 0) return undefined;
  let lowest = Infinity;
  let highest = -Infinity;
  for (const place of places) {
    const value = values[place] ?? 0;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (highest <= lowest) return undefined;
  const { name, fromZero } = weigher;
  const prefersLess = weigher.prefersLess === true;
  const least = fromZero === true ? Math.min(0, lowest) : lowest;
  const scale = weight / (highest - least);
  return { name, values, prefersLess, origin: prefersLess ? highest : least, scale };
}

function weightOf(columns: readonly Column[], place: number): number {
  let sum = 0;
  for (const column of columns) sum += weightAt(column, place);
  return sum;
}

function weightAt({ values, prefersLess, origin, scale }: Column, place: number): number {
  const value = values[place] ?? 0;
  return (prefersLess ? origin - value : value - origin) * scale;
}

/** Of every weigher, in their order. */
function weightsOf(columns: readonly Column[], place: number): Candidate['weights'] {
  const weights: Candidate['weights'] = {
    cpu: 0,
    ram: 0,
    disk: 0,
    pci: 0,
    soft_affinity: 0,
    soft_anti_affinity: 0,
  };
  for (const column of columns) weights[column.name] = weightAt(column, place);
  return weights;
}

type Ranked = Pick<Candidate, 'host' | 'weight'>;

function inOrder(one: Ranked, other: Ranked): number {
  return other.weight - one.weight || compareText(one.host, other.host);
}

/** The first `limit` places in order, without sorting the rest. */
function bestPlaces(
  places: Int32Array,
  columns: readonly Column[],
  limit: number,
  nameAt: (place: number) => string,
): number[] {
  const best: (Ranked & { place: number })[] = [];
  for (const place of places) {
    const weight = weightOf(columns, place);
    const last = best.length < limit ? undefined : best.at(-1);
    if (last !== undefined && weight < last.weight) continue;
    const ranked = { host: nameAt(place), weight, place };
    if (last !== undefined && inOrder(ranked, last) > 0) continue;
    const at = best.findIndex((one) => inOrder(ranked, one) < 0);
    best.splice(at < 0 ? best.length : at, 0, ranked);
    best.length = Math.min(best.length, limit);
  }
  return best.map(({ place }) => place);
}
