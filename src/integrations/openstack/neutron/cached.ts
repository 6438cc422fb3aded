/** A bounded cache whose entries expire. */
import type { Clock } from '#contracts/clock.ts';
import { TtlCache } from '#runtime/ttl-cache.ts';

/** Bounded, because ids come from users. */
const mostRemembered = 1_000;

/**
 * A result younger than `ageMs` is not read again, and concurrent callers share one read. Errors
 * are not cached. With `isDoubted` a result is read again at any age. `idOf`: the key that makes
 * two queries equal.
 */
export function cached<T, Query = string>(
  clock: Clock,
  ageMs: number,
  read: (query: Query) => Promise<T>,
  idOf: (query: Query) => string = String,
): (query: Query, isDoubted?: boolean) => Promise<T> {
  const cache = new TtlCache<T>({
    now: () => clock.now(),
    ttlMs: ageMs,
    mostEntries: mostRemembered,
  });
  return (query, isDoubted) => cache.get(idOf(query), () => read(query), isDoubted);
}
