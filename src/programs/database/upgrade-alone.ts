/** The upgrade of a database on PostgreSQL, while no other process uses it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { migrate, schemaOf } from '#integrations/database/migrate.ts';
import { type Lock, useDatabase } from '#integrations/database/postgres/database-lock.ts';

const triesMs = 1_000;
const tries = 20;

/**
 * Runs the pending migrations, and returns their names; without any, others may use the database.
 * A migration may change what an earlier version still uses. Throws `conflict` while controllers
 * run, and as `migrate` does.
 */
export async function upgradeAlone<Tables>(db: Kysely<Tables>, url: string): Promise<string[]> {
  for (let tried = 1; ; tried += 1) {
    const { pending } = await schemaOf(db);
    if (pending.length === 0) return migrate(db);
    const lock = await lockAlone(url, { pending, isLast: tried >= tries });
    if (lock !== undefined) {
      try {
        return await migrate(db);
      } finally {
        await lock.release();
      }
    }
    // Another process that starts may be upgrading it.
    await sleep(triesMs);
  }
}

async function lockAlone(
  url: string,
  { pending, isLast }: { pending: readonly string[]; isLast: boolean },
): Promise<Lock | undefined> {
  const onEvent = (): void => undefined;
  try {
    return await useDatabase(url, 'sole', { onProblem: onEvent, onLost: onEvent });
  } catch (error) {
    if (!isComputeError(error, 'conflict')) throw error;
    if (!isLast) return undefined;
    throw new ComputeError(
      'conflict',
      `the schema of the database must be upgraded (${pending.join(', ')}), and controllers of another version use it; stop them all, then start this version`,
      { cause: error },
    );
  }
}
