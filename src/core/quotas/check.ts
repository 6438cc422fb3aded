/**
 * Would a request exceed a limit? Pure: the store counts usage in the transaction that accepts the
 * request.
 */
import { unlimited } from './limits.ts';

/** Limits of the quotas with these names. */
export type Limits<Name extends string> = Readonly<Record<Name, number>>;

/** Amounts by name. Example: `{ instances: 3, cores: 12 }`. */
export type Amounts<Name extends string = string> = Readonly<Partial<Record<Name, number>>>;

/**
 * The remaining amount: `Infinity` without a limit, 0 if the limit was lowered below the usage.
 */
export function headroom<Name extends string>(
  limits: Limits<Name>,
  name: Name,
  used: number,
): number {
  return limits[name] === unlimited ? Number.POSITIVE_INFINITY : Math.max(0, limits[name] - used);
}

/**
 * The limits that a request would exceed, in alphabetical order; empty: allowed. Amounts that are
 * not requested are not checked. Example: limits of 10 instances, `used` `{ instances: 9 }`,
 * `requested` `{ instances: 2 }` → `['instances']`.
 */
export function exceededQuotas<Name extends string>(
  limits: Limits<NoInfer<Name>>,
  { used, requested }: { used: Amounts<NoInfer<Name>>; requested: Amounts<Name> },
): Name[] {
  const names = Object.keys(requested) as Name[];
  return names
    .filter((name) => (requested[name] ?? 0) > headroom(limits, name, used[name] ?? 0))
    .sort();
}

/**
 * The message of the refusal. `requested` is text for a requested range. Example: `Quota exceeded
 * for instances: Requested 3, but already used 9 of 10 instances`. Source: Nova
 * `exception.TooManyInstances`.
 */
export function quotaSentence<Name extends string>(
  exceeded: readonly Name[],
  {
    limits,
    used,
    requested,
  }: {
    limits: Limits<NoInfer<Name>>;
    used: Amounts<NoInfer<Name>>;
    requested: Readonly<Partial<Record<NoInfer<Name>, number | string>>>;
  },
): string {
  const listed = (read: (name: Name) => number | string) => exceeded.map(read).join(', ');
  const names = listed((name) => name);
  const [amounts, taken, allowed] = [
    listed((name) => requested[name] ?? 0),
    listed((name) => used[name] ?? 0),
    listed((name) => limits[name]),
  ];
  return `Quota exceeded for ${names}: Requested ${amounts}, but already used ${taken} of ${allowed} ${names}`;
}
