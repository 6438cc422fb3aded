/** Converts a refusal value to an error. */
import { ComputeError } from './errors.ts';
import type { Verdict } from './reason.ts';

/** The value of an ok verdict. Throws `invalid` with the reasons of a refusal. */
export function accepted<T>(verdict: Verdict<T>): T {
  if (verdict.ok) return verdict;
  throw new ComputeError('invalid', verdict.reasons.map(({ message }) => message).join('; '));
}
