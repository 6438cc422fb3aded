/** From a "no" as a value to an error, where an act ends with it. */
import { ComputeError } from './errors.ts';
import type { Verdict } from './reason.ts';

/** The value of a "yes". Throws `invalid` with the reasons of a "no". */
export function accepted<T>(verdict: Verdict<T>): T {
  if (verdict.ok) return verdict;
  throw new ComputeError('invalid', verdict.reasons.map(({ message }) => message).join('; '));
}
