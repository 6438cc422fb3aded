/**
 * What most decisions read of a host, as numbers side by side: a decision over thousands of hosts
 * reads these instead of thousands of snapshots.
 */
import { hostAlive } from './filters/host-alive.ts';
import { hostEnabled } from './filters/host-enabled.ts';
import { hostHealth } from './filters/host-health.ts';
import { resources, roomOn } from './filters/resources.ts';
import type { Filter } from './filter.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { amountsOf, amountsPerHost } from './weigh-hosts.ts';

/** The amounts for weighers, the room for one server, and whether the host is without fault. */
export const figuresPerHost = amountsPerHost + 4;

const room = amountsPerHost;
const faultless = room + 3;

/** Writes the host's figures into its place. */
export function writeFigures(figures: Float64Array, from: number, host: HostState): void {
  const { vcpus, memoryMib, diskGib } = roomOn(host);
  const isFaultless = host.enabled && host.alive && (host.problems ?? []).length === 0;
  figures.set([...amountsOf(host), vcpus, memoryMib, diskGib, Number(isFaultless)], from);
}

/** Filters that accept a host of which `isSurelyAccepted` is true. */
export const filtersByFigures: ReadonlySet<Filter> = new Set([
  hostEnabled,
  hostAlive,
  hostHealth,
  resources,
]);

/** False: the filters decide. */
export function isSurelyAccepted(figures: Float64Array, from: number, spec: RequestSpec): boolean {
  return (
    figures[from + faultless] === 1 &&
    spec.vcpus <= (figures[from + room] ?? 0) &&
    spec.memoryMib <= (figures[from + room + 1] ?? 0) &&
    spec.diskGib <= (figures[from + room + 2] ?? 0)
  );
}
