/**
 * Online migrations: they only add, so that controllers of the version before work with the schema
 * too. Their names state it, because that version does not have them: it reads which have run.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

/**
 * Whether controllers of the version before may run with it. A test reads what each such migration
 * executes: new tables, new columns that are null or have a constant default, new indexes, and
 * storage parameters. Example: `0057-hot-tables.online` → true.
 */
export function isOnline(name: string): boolean {
  return name.endsWith('.online');
}

/** An index of an existing table. Not unique: rows of the version before must not be refused. */
export interface AddedIndex {
  name: string;
  table: string;
  columns: string[];
  /** Which rows it has, in SQL that both engines read; absent: all. */
  where?: string;
}

/** A migration that only creates indexes, each of which is complete before it has run. */
export interface IndexMigration extends Migration {
  indexes: readonly AddedIndex[];
}

export function createsIndexes(migration: Migration): migration is IndexMigration {
  return 'indexes' in migration;
}

/**
 * Creates indexes while others write the tables. On PostgreSQL it must not be in a transaction, and
 * waits for the transactions of now; what a killed process left is created again. Example:
 * `addedIndexes({ name: 'ports_of_host', table: 'ports', columns: ['host'] })`.
 */
export function addedIndexes(...indexes: readonly AddedIndex[]): IndexMigration {
  return {
    indexes,
    async up(db: Kysely<unknown>): Promise<void> {
      for (const index of indexes) {
        if (engineOf(db) === 'sqlite') await create(db, index, sql``);
        else await createConcurrently(db, index);
      }
    },
  };
}

async function createConcurrently(db: Kysely<unknown>, index: AddedIndex): Promise<void> {
  const { rows } = await sql<{ isComplete: boolean }>`
    select x.indisvalid as "isComplete" from pg_index x join pg_class i on i.oid = x.indexrelid
    where i.relname = ${index.name} and i.relnamespace = current_schema()::regnamespace`.execute(
    db,
  );
  const [there] = rows;
  if (there?.isComplete === true) return;
  if (there !== undefined) await sql`drop index concurrently ${sql.id(index.name)}`.execute(db);
  await create(db, index, sql`concurrently`);
}

// oxlint-disable-next-line max-params -- where, which and how
async function create(
  db: Kysely<unknown>,
  { name, table, columns, where }: AddedIndex,
  how: ReturnType<typeof sql>,
): Promise<void> {
  const of = sql.join(columns.map((column) => sql.id(column)));
  const rows = where === undefined ? sql`` : sql`where ${sql.raw(where)}`;
  await sql`
    create index ${how} ${sql.id(name)} on ${sql.table(table)} (${of}) ${rows}`.execute(db);
}
