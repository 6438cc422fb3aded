/** Brings a database to the newest schema: numbered migrations, each run once. */
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ComputeError } from '#core/errors.ts';
import { perEngine } from './engine/per-engine.ts';
import { migrations } from './migrations/index.ts';

/**
 * Runs the pending migrations and returns their names. `upTo` stops after that one (for upgrade
 * tests). Throws `unavailable` with the cause: the migration that failed, which is rolled back, or
 * the migrations that this version does not know.
 */
export async function migrate<Tables>(db: Kysely<Tables>, upTo?: string): Promise<string[]> {
  const ran = await ranBefore(db);
  refuseNewer(ran);
  const isNewest = Object.keys(migrations).every((name) => ran.includes(name));
  if (upTo === undefined && isNewest) return [];
  const migrator = new Migrator({
    db,
    // Numbers are assigned before branches merge: a lower one may arrive later, and a migration
    // depends only on those it was written after.
    allowUnorderedMigrations: true,
    provider: { getMigrations: async (): Promise<Record<string, Migration>> => migrations },
  });
  const { error, results } =
    upTo === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(upTo);
  if (error === undefined) return (results ?? []).map((result) => result.migrationName);
  if (error instanceof ComputeError) throw error;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  const cause = error instanceof Error ? error.message : JSON.stringify(error);
  const which = failed === undefined ? 'migration' : `migration ${failed}`;
  throw new ComputeError(
    'unavailable',
    `the database cannot be upgraded: ${which} failed: ${cause}; it is unchanged, restore a backup or use the version that wrote it`,
    { cause: error },
  );
}

/** The migrations that ran, and those that a start would run; both in order. */
export async function schemaOf<Tables>(
  db: Kysely<Tables>,
): Promise<{ ran: string[]; pending: string[] }> {
  const ran = await ranBefore(db);
  const pending = Object.keys(migrations).filter((name) => !ran.includes(name));
  return { ran, pending: pending.toSorted() };
}

/** This version might misread a database written by a newer one. */
function refuseNewer(ran: readonly string[]): void {
  const unknown = unknownMigrations(ran);
  if (unknown.length === 0) return;
  throw new ComputeError(
    'unavailable',
    `the database was written by a newer Novella: it has ${unknown.join(', ')}, and the newest migration of this version is ${newestMigration()}; start the newer version, or restore a backup made before the upgrade`,
  );
}

/** Which of these migrations only a newer version can have run. */
export function unknownMigrations(names: readonly string[]): string[] {
  return names.filter((name) => !Object.hasOwn(migrations, name));
}

/** Example: `0012-host-numbers`. */
export function newestMigration(): string {
  return Object.keys(migrations).toSorted().at(-1) ?? 'none';
}

const tableNames = perEngine({
  sqlite: sql`sqlite_master`,
  postgresql: sql`(select tablename as name from pg_tables
    where schemaname = current_schema()) as tables`,
});

async function ranBefore<Tables>(db: Kysely<Tables>): Promise<string[]> {
  const tables = await sql<{ name: string }>`select name from ${tableNames}
    where name = 'kysely_migration'`.execute(db);
  if (tables.rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`
    select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}
