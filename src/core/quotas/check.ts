/**
 * Would a request exceed a limit? Pure: the store counts usage in the transaction that accepts the
 * request.
 */
import type { QuotaLimits, QuotaName } from './limits.ts';
import { unlimited } from './limits.ts';

/** Amounts by name. Example: `{ instances: 3, cores: 12 }`. */
export type Amounts = Readonly<Partial<Record<QuotaName, number>>>;

/**
 * The remaining amount: `Infinity` without a limit, 0 if the limit was lowered below the usage.
 */
export function headroom(limits: QuotaLimits, name: QuotaName, used: number): number {
  return limits[name] === unlimited ? Number.POSITIVE_INFINITY : Math.max(0, limits[name] - used);
}

/**
 * The limits that a request would exceed, in alphabetical order; empty: allowed. Amounts that are
 * not requested are not checked. Example: limits of 10 instances, `used` `{ instances: 9 }`,
 * `requested` `{ instances: 2 }` → `['instances']`.
 */
export function exceededQuotas(
  limits: QuotaLimits,
  { used, requested }: { used: Amounts; requested: Amounts },
): QuotaName[] {
  const names = Object.keys(requested) as QuotaName[];
  return names
    .filter((name) => (requested[name] ?? 0) > headroom(limits, name, used[name] ?? 0))
    .sort();
}

/**
 * The message of the refusal. `requested` is text for a requested range. Example: `Quota exceeded
 * for instances: Requested 3, but already used 9 of 10 instances`. Source: Nova
 * `exception.TooManyInstances`.
 */
export function quotaSentence(
  exceeded: readonly QuotaName[],
  {
    limits,
    used,
    requested,
  }: {
    limits: QuotaLimits;
    used: Amounts;
    requested: Readonly<Partial<Record<QuotaName, number | string>>>;
  },
): string {
  const listed = (read: (name: QuotaName) => number | string) => exceeded.map(read).join(', ');
  const names = listed((name) => name);
  const [amounts, taken, allowed] = [
    listed((name) => requested[name] ?? 0),
    listed((name) => used[name] ?? 0),
    listed((name) => limits[name]),
  ];
  return `Quota exceeded for ${names}: Requested ${amounts}, but already used ${taken} of ${allowed} ${names}`;
}
