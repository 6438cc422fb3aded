/** Brings a database to the newest schema: numbered migrations, each run once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ComputeError } from '#core/errors.ts';
import { engineOf, perEngine } from './engine/per-engine.ts';
import { migrations } from './migrations/index.ts';
import { createsIndexes, isOnline } from './upgrade/online.ts';
import { whileUpgrading } from './upgrade/upgrade-lock.ts';

/** Migrations of a database, in order. */
export interface Schema {
  ran: string[];
  /** What a start would run. */
  pending: string[];
  /** Those of `ran` that only a newer version has. */
  unknown: string[];
}

/**
 * Runs the pending migrations and returns their names. `upTo` stops after that one (for upgrade
 * tests). While other processes use the database, only online migrations may be pending. Throws
 * `unavailable` with the cause: the migration that failed, which is rolled back, or the migrations
 * of a newer version that this one cannot work with.
 */
export async function migrate<Tables>(db: Kysely<Tables>, upTo?: string): Promise<string[]> {
  const schema = await schemaOf(db);
  refuseNewer(schema);
  if (wantedOf(schema, upTo).length === 0) return [];
  return whileUpgrading(db, async (one) => {
    const ran: string[] = [];
    for (const group of groupsOf(one, wantedOf(await schemaOf(one), upTo))) {
      ran.push(...(await runGroup(one, group, ran)));
    }
    return ran;
  });
}

function wantedOf({ pending }: Schema, upTo: string | undefined): string[] {
  return upTo === undefined ? pending : pending.filter((name) => name <= upTo);
}

/** Each is one transaction, or on PostgreSQL a migration that must not be in one. */
function groupsOf<Tables>(db: Kysely<Tables>, names: readonly string[]): string[][] {
  if (engineOf(db) === 'sqlite') return names.length === 0 ? [] : [[...names]];
  const groups: string[][] = [];
  for (const name of names) {
    const last = groups.at(-1);
    if (last === undefined || isAlone(name) || isAlone(last[0])) groups.push([name]);
    else last.push(name);
  }
  return groups;
}

function isAlone(name: string | undefined): boolean {
  const migration = name === undefined ? undefined : migrations[name];
  return migration !== undefined && createsIndexes(migration);
}

/**
 * A change of a table waits for those who read it, and everybody else waits for the change: it is
 * given up soon, and repeated. So is one of several tables that others use in another order, which
 * the server ends.
 */
const lockMs = 2_000;
const mostAttempts = 30;
const lockNotAvailable = '55P03';
const deadlockDetected = '40P01';

// oxlint-disable-next-line max-params -- where, which, and after what
async function runGroup<Tables>(
  db: Kysely<Tables>,
  group: readonly string[],
  before: readonly string[],
): Promise<string[]> {
  const disableTransactions = engineOf(db) === 'postgresql' && isAlone(group[0]);
  const all = await provided(db);
  for (let attempt = 1; ; attempt += 1) {
    const migrator = new Migrator({
      db,
      // Numbers are assigned before branches merge: a lower one may arrive later, and a migration
      // depends only on those it was written after.
      allowUnorderedMigrations: true,
      provider: { getMigrations: async () => all },
    });
    const last = group.at(-1) ?? '';
    const { error, results } = await migrator.migrateTo(last, { disableTransactions });
    if (error === undefined) {
      const done = (results ?? []).filter(({ status }) => status === 'Success');
      return done.map(({ migrationName }) => migrationName);
    }
    const { code } = error as { code?: unknown };
    const isLocked = code === lockNotAvailable || code === deadlockDetected;
    if (isLocked && attempt < mostAttempts) {
      await sleep(lockMs / 2);
      continue;
    }
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    throw failure(error, { failed, before, isLocked });
  }
}

/** Those of newer versions have run, and Kysely requires that each is known. */
async function provided<Tables>(db: Kysely<Tables>): Promise<Record<string, Migration>> {
  const { unknown } = await schemaOf(db);
  const done: Migration = { up: async () => undefined };
  const all: Record<string, Migration> = { ...migrations };
  if (engineOf(db) === 'postgresql') {
    for (const [name, migration] of Object.entries(migrations)) {
      if (!isAlone(name)) all[name] = { up: (trx) => withShortLocks(trx, migration) };
    }
  }
  for (const name of unknown) all[name] = done;
  return all;
}

async function withShortLocks(trx: Kysely<unknown>, migration: Migration): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(lockMs)}`.execute(trx);
  await migration.up(trx);
}

function failure(
  error: unknown,
  {
    failed,
    before,
    isLocked,
  }: { failed: string | undefined; before: readonly string[]; isLocked: boolean },
): ComputeError {
  if (error instanceof ComputeError) return error;
  const which = failed === undefined ? 'migration' : `migration ${failed}`;
  if (isLocked) {
    return new ComputeError(
      'unavailable',
      `the database cannot be upgraded: ${which} must change a table that other transactions use all the time, or a long one, such as pg_dump; try again when that has ended`,
      { cause: error },
    );
  }
  const cause = error instanceof Error ? error.message : JSON.stringify(error);
  const state = before.length === 0 ? 'it is unchanged' : `before it ran ${before.join(', ')}`;
  return new ComputeError(
    'unavailable',
    `the database cannot be upgraded: ${which} failed: ${cause}; ${state}, restore a backup or use the version that wrote it`,
    { cause: error },
  );
}

export async function schemaOf<Tables>(db: Kysely<Tables>): Promise<Schema> {
  const ran = await ranBefore(db);
  const pending = Object.keys(migrations).filter((name) => !ran.includes(name));
  return { ran, pending: pending.toSorted(), unknown: unknownMigrations(ran) };
}

/** Why this version cannot work with a schema, or undefined. */
export function problemOfSchema({ pending, unknown }: Schema): string | undefined {
  if (pending.length > 0) return `the schema of the database lacks ${pending.join(', ')}`;
  const changed = unknown.filter((name) => !isOnline(name));
  if (changed.length === 0) return undefined;
  return `a newer Novella has changed the schema of the database: ${changed.join(', ')}`;
}

/** This version might misread a database that a newer one has changed. */
function refuseNewer({ unknown }: Schema): void {
  const changed = unknown.filter((name) => !isOnline(name));
  if (changed.length === 0) return;
  throw new ComputeError(
    'unavailable',
    `the database was written by a newer Novella: it has ${changed.join(', ')}, and the newest migration of this version is ${newestMigration()}; start the newer version, or restore a backup made before the upgrade`,
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
