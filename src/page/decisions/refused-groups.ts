/** The refused hosts of a decision, those alike together, the nearest miss first. Pure. */
import type { DecisionView } from '#client/shapes/explain.ts';
import { filterRank } from './filter-names.ts';

type Rejection = DecisionView['rejections'][number];
type ReasonView = Rejection['reasons'][number];

/** Hosts that one filter refused for the same reasons. */
export interface RefusedGroup {
  filter: string;
  hosts: string[];
  messages: string[];
  /** The last part of what was requested that was missing, 0 to 1; 1 where there are no figures. */
  shortage: number;
}

/**
 * A host is nearer that passed more filters, then one with fewer reasons, then one that lacks less.
 * Example: 7680 of 8192 MiB are free (lacks a sixteenth) before 0 of 1 VF (lacks all).
 */
export function refusedGroups(rejections: readonly Rejection[]): RefusedGroup[] {
  const groups = new Map<string, RefusedGroup>();
  for (const { host, filter, reasons } of rejections) {
    const messages = reasons.map(({ message }) => message);
    const key = JSON.stringify([filter, ...messages]);
    const known = groups.get(key);
    if (known !== undefined) known.hosts.push(host);
    else groups.set(key, { filter, hosts: [host], messages, shortage: shortageOf(reasons) });
  }
  return [...groups.values()].sort(
    (one, other) =>
      filterRank(other.filter) - filterRank(one.filter) ||
      one.messages.length - other.messages.length ||
      one.shortage - other.shortage,
  );
}

function shortageOf(reasons: readonly ReasonView[]): number {
  return Math.max(0, ...reasons.map(({ data }) => lackOf(data)));
}

function lackOf(data: Record<string, unknown> = {}): number {
  const { needed, free, total } = data;
  const there = free ?? total;
  if (typeof needed !== 'number' || typeof there !== 'number' || needed <= 0) return 1;
  return Math.min(1, Math.max(0, (needed - there) / needed));
}

/** The filters that refused a host, in their order: the columns of the matrix. */
export function refusingFilters(rejections: readonly Rejection[]): string[] {
  const names = [...new Set(rejections.map(({ filter }) => filter))];
  return names.sort((one, other) => filterRank(one) - filterRank(other));
}
