/** One process at a time upgrades a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { engineOf } from '../engine/per-engine.ts';

/** Of the locks in its database. Any number that other programs there do not use. */
const lockNumber = 7_318_244_002;
const retryMs = 100;

/**
 * Runs the work on one connection, which holds the lock on PostgreSQL: a killed process frees it
 * when the server has ended what it executed. The lock is requested again and again: a statement
 * that waits for it would itself be waited for by the creation of an index.
 */
export async function whileUpgrading<Tables, Result>(
  db: Kysely<Tables>,
  work: (db: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  if (engineOf(db) === 'sqlite') return work(db);
  return db.connection().execute(async (one) => {
    const number = sql.lit(lockNumber);
    const tryIt = sql<{ isTaken: boolean }>`select pg_try_advisory_lock(${number}) as "isTaken"`;
    while ((await tryIt.execute(one)).rows[0]?.isTaken !== true) await sleep(retryMs);
    try {
      return await work(one);
    } finally {
      await sql`select pg_advisory_unlock(${number})`.execute(one);
    }
  });
}
