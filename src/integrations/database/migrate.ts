/** Brings a database to the newest schema: numbered migrations, each run once, in order. */
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ComputeError } from '#core/errors.ts';
import { migrations } from './migrations/index.ts';

/**
 * Runs what has not run yet and returns the names that ran. `upTo` stops after that one (for upgrade tests).
 * Throws `unavailable`, naming the migration, when one fails; that one is then rolled back.
 */
export async function migrate<Tables>(db: Kysely<Tables>, upTo?: string): Promise<string[]> {
  const migrator = new Migrator({
    db,
    // Numbers are given before branches meet: a lower one may come later, and depends on none that it was not written after.
    allowUnorderedMigrations: true,
    provider: { getMigrations: async (): Promise<Record<string, Migration>> => migrations },
  });
  const { error, results } =
    upTo === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(upTo);
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    throw new ComputeError('unavailable', `database migration ${failed ?? ''} failed`, {
      detail: error instanceof Error ? error.message : JSON.stringify(error),
      cause: error,
    });
  }
  return (results ?? []).map((result) => result.migrationName);
}
