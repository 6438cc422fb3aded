/** The upgrade of a database on PostgreSQL that other processes may use. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { migrate, schemaOf } from '#integrations/database/migrate.ts';
import { type Lock, useDatabase } from '#integrations/database/postgres/database-lock.ts';
import { isOnline } from '#integrations/database/upgrade/online.ts';

const triesMs = 1_000;
/** As long as others that are being stopped may take. */
const usualTries = 20;

/**
 * Runs the pending migrations, and returns their names. Others may use the database meanwhile if
 * all of them are online; another migration may change what an earlier version still uses. Throws
 * `conflict` for such a one while controllers run, and as `migrate` does. `db`: opened without
 * limits.
 */
export async function upgradeDatabase<Tables>(
  db: Kysely<Tables>,
  { url, tries = usualTries }: { url: string; tries?: number },
): Promise<string[]> {
  for (let tried = 1; ; tried += 1) {
    const { pending } = await schemaOf(db);
    const alone = pending.filter((name) => !isOnline(name));
    if (alone.length === 0) return migrate(db);
    const lock = await lockAlone(url, { alone, isLast: tried >= tries });
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
  { alone, isLast }: { alone: readonly string[]; isLast: boolean },
): Promise<Lock | undefined> {
  const onEvent = (): void => undefined;
  try {
    return await useDatabase(url, 'sole', { onProblem: onEvent, onLost: onEvent });
  } catch (error) {
    if (!isComputeError(error, 'conflict')) throw error;
    if (!isLast) return undefined;
    throw new ComputeError(
      'conflict',
      `the schema of the database must be upgraded (${alone.join(', ')}), which is not possible while controllers of the version before run; stop all of them, then start this version`,
      { cause: error },
    );
  }
}
