/**
 * How many passwords are checked: each costs a processor 50 ms by design, so a flood of them must
 * neither starve other work nor find a password.
 */
import { availableParallelism } from 'node:os';
import { ComputeError } from '#core/errors.ts';
import { ConcurrencyLimit } from '../concurrency-limit.ts';

/** Concurrent checks, with one processor left for all else. */
const mostAtOnce = Math.max(1, Math.min(4, availableParallelism() - 1));
const mostWaiting = 128;
const mostWaitingOfSource = 32;
/** Wrong passwords for one user from one address: this many at once, and then one per interval. */
const burst = 10;
const refillMs = 5_000;
const mostRemembered = 10_000;

/** Who tries, and from where. Example: `{ user: 'admin', source: '192.0.2.7' }`. */
export interface Attempt {
  user: string;
  source: string;
}

export interface SignInGate {
  /**
   * The result of `check`, in its turn. Throws `tooManyRequests` where too many wait, in all or
   * from this address, and where this user had too many wrong passwords from it. From elsewhere the
   * user can still sign in: no remote lockout, and here for five seconds at most, once the wrong
   * ones end.
   */
  admit: (attempt: Attempt, check: () => Promise<boolean>) => Promise<boolean>;
}

/** One for all sign-ins of a service. `clock`: epoch milliseconds. */
export function signInGate(clock: { now: () => number }): SignInGate {
  const limit = new ConcurrencyLimit(mostAtOnce);
  const ofSource = new Map<string, number>();
  const failures = new Map<string, { left: number; at: number }>();

  const budgetOf = (key: string): number => {
    const known = failures.get(key);
    if (known === undefined) return burst;
    return Math.min(burst, known.left + (clock.now() - known.at) / refillMs);
  };

  const setBudget = (key: string, left: number): void => {
    failures.delete(key);
    const [oldest] = failures.keys();
    if (failures.size >= mostRemembered && oldest !== undefined) failures.delete(oldest);
    failures.set(key, { left, at: clock.now() });
  };

  const requireBudget = (key: string): void => {
    const left = budgetOf(key);
    if (left >= 1) return;
    throw tooMany(
      'Too many wrong passwords for this user from this address; try again later.',
      Math.ceil(((1 - left) * refillMs) / 1_000),
    );
  };

  /** Counts as wrong until the outcome is known, so that checks at once share one budget. */
  const counted = async (key: string, check: () => Promise<boolean>): Promise<boolean> => {
    requireBudget(key);
    setBudget(key, budgetOf(key) - 1);
    let isRight: boolean;
    try {
      isRight = await check();
    } catch (error) {
      setBudget(key, Math.min(burst, budgetOf(key) + 1));
      throw error;
    }
    if (isRight) failures.delete(key);
    return isRight;
  };

  return {
    async admit({ user, source }, check) {
      const key = JSON.stringify([user.slice(0, 255), source]);
      const here = ofSource.get(source) ?? 0;
      if (limit.waiting >= mostWaiting || here >= mostWaitingOfSource + mostAtOnce) {
        throw tooMany('Too many sign-ins at once; try again later.');
      }
      requireBudget(key);
      ofSource.set(source, here + 1);
      try {
        return await limit.run(() => counted(key, check));
      } finally {
        const left = (ofSource.get(source) ?? 1) - 1;
        if (left > 0) ofSource.set(source, left);
        else ofSource.delete(source);
      }
    },
  };
}

function tooMany(message: string, retryAfterSeconds?: number): ComputeError {
  const more = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new ComputeError('tooManyRequests', message, more);
}
