/** A bounded cache whose entries expire. */
import type { Clock } from '#contracts/clock.ts';
import { TtlCache } from '#runtime/ttl-cache.ts';

/** Bounded, for ids come from users. */
const mostRemembered = 1_000;

/**
 * What was read within `ageMs` is not read again, and two who ask at once ask once. An error is not
 * remembered. With `isDoubted` it is read again however young. `idOf`: what makes two questions
 * one.
 */
export function cached<T, Asked = string>(
  clock: Clock,
  ageMs: number,
  read: (asked: Asked) => Promise<T>,
  idOf: (asked: Asked) => string = String,
): (asked: Asked, isDoubted?: boolean) => Promise<T> {
  const cache = new TtlCache<T>({
    now: () => clock.now(),
    ttlMs: ageMs,
    mostEntries: mostRemembered,
  });
  return (asked, isDoubted) => cache.get(idOf(asked), () => read(asked), isDoubted);
}
