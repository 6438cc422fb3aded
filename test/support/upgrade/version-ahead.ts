/** The schema of a version ahead of this one: this one's, and migrations that only a test has. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '#integrations/database/engine/per-engine.ts';
import { newTable } from '#integrations/database/engine/new-table.ts';
import { migrations } from '#integrations/database/migrations/index.ts';
import { addedIndexes } from '#integrations/database/upgrade/online.ts';
import { sql } from 'kysely';

/** The names of all tables, without Kysely's own. */
async function tablesOf(db: Kysely<unknown>): Promise<string[]> {
  const { rows } =
    engineOf(db) === 'sqlite'
      ? await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(db)
      : await sql<{ name: string }>`
          select tablename as name from pg_tables where schemaname = current_schema()`.execute(db);
  return rows.map(({ name }) => name).filter((name) => !/^(?:kysely|sqlite)_/.test(name));
}

/** Every table has two columns more, and there are another table and another index. */
const ahead = {
  '9001-more-columns.online': {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const table of await tablesOf(db)) {
        const altered = () => db.schema.alterTable(table);
        await altered().addColumn('of_next_version', 'text').execute();
        const text = 'as before';
        await altered()
          .addColumn('stated_by_next', 'text', (column) => column.notNull().defaultTo(text))
          .execute();
      }
      await newTable(db, 'of_next_version', { id: 'row number', name: 'text' }).execute();
    },
  },
  '9002-more-indexes.online': addedIndexes({
    name: 'tasks_of_next_version',
    table: 'tasks',
    columns: ['of_next_version', 'kind'],
    where: '"step" is not null',
  }),
} satisfies Record<string, Migration>;

const changed: Record<string, Migration> = {
  '9003-changed': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('decisions').renameTo('choices').execute();
    },
  },
};

/** Which migrations the version ahead has more: only online ones, or also one that is not. */
export type Ahead = 'online' | 'changed';

export function migrationsAhead(kind: Ahead): Record<string, Migration> {
  return kind === 'online' ? ahead : { ...ahead, ...changed };
}

/** While it runs, this process is of the version ahead. */
export async function asVersionAhead<Result>(
  more: Record<string, Migration>,
  act: () => Promise<Result>,
): Promise<Result> {
  Object.assign(migrations, more);
  try {
    return await act();
  } finally {
    for (const name of Object.keys(more)) delete migrations[name];
  }
}
