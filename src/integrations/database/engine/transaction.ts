/** Transactions that are as if they ran one after the other, on each engine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { engineOf } from './per-engine.ts';

/** Attempts at one transaction: many transactions on the same rows delay each other. */
const mostAttempts = 20;
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

/**
 * Runs a statement or a transaction, and repeats it while PostgreSQL refuses it only for what
 * others do at the same time.
 */
export async function repeatRefused<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === mostAttempts || !isRepeatable(error)) throw error;
    }
    await sleep(Math.min(longestWaitMs, firstWaitMs * 2 ** attempt) * Math.random());
  }
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
