/** Transactions that are as if they ran one after the other, on each engine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { engineOf } from './per-engine.ts';

/** Attempts at one transaction beside others. */
const freeAttempts = 4;
/** Of all attempts. */
const mostAttempts = 40;
/** The first wait, in milliseconds; each further one is up to twice as long. */
const firstWaitMs = 2;
const longestWaitMs = 200;

/**
 * Runs the work in a transaction, and returns what it returns; what it throws rolls back. SQLite
 * runs transactions one after the other. PostgreSQL runs them at the same time, refuses those whose
 * result would not be the same one after the other, and the work is repeated from its beginning: it
 * must do nothing but read and write by `trx`. Example: `await inTransaction(db, (trx) => move(trx,
 * 'a', 'b'))`.
 */
export async function inTransaction<Tables, Result>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  if (engineOf(db) === 'sqlite') return db.transaction().execute(work);
  return repeatRefused(() => db.transaction().setIsolationLevel('serializable').execute(work));
}

/** Of this process: work that was refused several times. */
const contended = new SerialQueue();

/**
 * Runs a statement or a transaction, and repeats it while PostgreSQL refuses it only for what
 * others do at the same time. After a few attempts such work runs one at a time: otherwise many
 * transactions that conflict refuse each other again and again, the more of them the longer.
 */
export async function repeatRefused<Result>(work: () => Promise<Result>): Promise<Result> {
  let attempt = 0;
  const repeat = async (until: number): Promise<{ result: Result } | undefined> => {
    for (;;) {
      attempt += 1;
      try {
        return { result: await work() };
      } catch (error) {
        if (attempt === mostAttempts || !isRepeatable(error)) throw error;
      }
      if (attempt === until) return undefined;
      await sleep(Math.min(longestWaitMs, firstWaitMs * 2 ** attempt) * Math.random());
    }
  };
  const done = (await repeat(freeAttempts)) ?? (await contended.run(() => repeat(mostAttempts)));
  // `repeat` throws at the last attempt.
  return (done as { result: Result }).result;
}

const serializationFailure = '40001';
const deadlockDetected = '40P01';

/**
 * Whether PostgreSQL refused a transaction only for what others did at the same time. Source:
 * PostgreSQL, "Serialization Failure Handling".
 */
function isRepeatable(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === serializationFailure || code === deadlockDetected || isOutdatedPlan(error);
}

/**
 * Whether PostgreSQL refused a prepared statement because a migration changed the columns that it
 * returns. The connection prepares it again.
 */
export function isOutdatedPlan(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}
