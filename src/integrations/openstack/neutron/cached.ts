/** A bounded cache whose entries expire. */
import type { Clock } from '#contracts/clock.ts';

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
  const known = new Map<string, { until: number; answer: Promise<T> }>();
  return (asked, isDoubted = false) => {
    const id = idOf(asked);
    const found = known.get(id);
    if (found !== undefined && !isDoubted && clock.now() < found.until) return found.answer;
    const entry = { until: clock.now() + ageMs, answer: read(asked) };
    known.delete(id);
    known.set(id, entry);
    const [oldest] = known.keys();
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
    entry.answer.catch(() => {
      if (known.get(id) === entry) known.delete(id);
    });
    return entry.answer;
  };
}
