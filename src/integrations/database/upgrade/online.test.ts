/** Two versions over one schema: online migrations of the newer one, and an older one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { storeContract } from '#contracts/store/store.contract.ts';
import { type Ahead, asVersionAhead, migrationsAhead } from '#test/upgrade/version-ahead.ts';
import { faultsOfOnline } from '#test/upgrade/online-faults.ts';
import { freshFile } from '#test/fresh-file.ts';
import { writeMigrated } from '#test/migrated-database.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { migrate, problemOfSchema, schemaOf } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import { openDatabase, openStore } from '../store.ts';
import { addedIndexes, isOnline } from './online.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let addedTo: Buffer | undefined;

/** A file with the schema of the version ahead. */
async function ofVersionAhead(kind: Ahead = 'online'): Promise<string> {
  const path = freshFile('ahead.db');
  if (kind === 'online' && addedTo !== undefined) {
    writeFileSync(path, addedTo);
    return path;
  }
  await writeMigrated(path);
  const more = migrationsAhead(kind);
  const db = openSqlite(path);
  expect(await asVersionAhead(more, () => migrate(db))).toEqual(Object.keys(more));
  await db.destroy();
  if (kind === 'online') addedTo = readFileSync(path);
  return path;
}

async function opened<Tables>(path: string): Promise<Kysely<Tables>> {
  const db = await openDatabase(path);
  closers.push(() => db.destroy());
  return db as unknown as Kysely<Tables>;
}

test('a version works with a schema to which a newer one has only added', async () => {
  const db = await opened(await ofVersionAhead());
  expect(await migrate(db)).toEqual([]);
  const schema = await schemaOf(db);
  expect(schema.unknown).toEqual(Object.keys(migrationsAhead('online')));
  expect(problemOfSchema(schema)).toBeUndefined();
});

test('a version refuses a schema that a newer one has changed, naming the migration', async () => {
  const path = await ofVersionAhead('changed');
  const db = await opened(path);
  await expect(migrate(db)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/written by a newer Novella: it has 9003-changed, and/),
  });
  expect(problemOfSchema(await schemaOf(db))).toContain('9003-changed');
  await expect(openStore(path)).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a pending migration runs beside online ones of a newer version', async () => {
  const db = await opened(await ofVersionAhead());
  const mine = { '0999-mine': { up: async () => undefined } };
  expect(await asVersionAhead(mine, () => migrate(db))).toEqual(['0999-mine']);
});

describe('with the columns of a newer version, the store', () => {
  storeContract(async () => {
    const path = await ofVersionAhead();
    return async () => {
      const { store } = await openStore(path);
      closers.push(() => store.close());
      return store;
    };
  });
});
const online = Object.keys(migrations).filter(isOnline);

test.each(online)('%s only adds', async (name) => {
  const db = openSqlite<unknown>(freshFile('before.db'));
  closers.push(() => db.destroy());
  const before = Object.keys(migrations)
    .toSorted()
    .filter((each) => each < name);
  await migrate(db, before.at(-1));
  const migration = migrations[name];
  if (migration === undefined) throw new Error('it is there');
  expect(await faultsOfOnline(db, migration)).toEqual([]);
});

const notOnline: { does: string; up: (db: Kysely<unknown>) => Promise<unknown> }[] = [
  { does: 'drops a table', up: (db) => db.schema.dropTable('decisions').execute() },
  {
    does: 'requires a value that the version before does not write',
    up: (db) =>
      db.schema
        .alterTable('tasks')
        .addColumn('x', 'text', (c) => c.notNull())
        .execute(),
  },
  {
    does: 'computes a column, and so writes every row',
    up: (db) =>
      sql`alter table tasks add column x bigint generated always as (epoch + 1)`.execute(db),
  },
  {
    does: 'has a default that is computed for each row',
    up: (db) =>
      db.schema
        .alterTable('tasks')
        .addColumn('x', 'text', (c) => c.defaultTo(sql`now()`))
        .execute(),
  },
  { does: 'drops an index', up: (db) => db.schema.dropIndex('tasks_due').execute() },
  {
    does: 'refuses rows by a unique index',
    up: (db) => db.schema.createIndex('x').unique().on('tasks').column('kind').execute(),
  },
  {
    does: 'creates an index while others wait',
    up: (db) => db.schema.createIndex('x').on('tasks').column('kind').execute(),
  },
  {
    does: 'refuses rows by a check',
    up: (db) =>
      db.schema
        .alterTable('tasks')
        .addColumn('x', 'text', (c) => c.check(sql`x > ''`))
        .execute(),
  },
  {
    does: 'renames a column',
    up: (db) => db.schema.alterTable('tasks').renameColumn('kind', 'workflow').execute(),
  },
  { does: 'writes rows', up: (db) => sql`update tasks set kind = 'boot'`.execute(db) },
  {
    does: 'writes rows through the builder',
    up: (db) => (db as Kysely<ComputeTables>).deleteFrom('tasks').execute(),
  },
];

test.each(notOnline)('a migration that $does is not online', async ({ up }) => {
  const db = await opened<unknown>(await ofVersionAhead());
  const faults = await faultsOfOnline(db, { up: async (of) => void (await up(of)) });
  expect(faults).toHaveLength(1);
});

test('indexes are created, with the rows that they are of', async () => {
  const db = await opened<unknown>(await ofVersionAhead());
  const { rows } = await sql<{ sql: string }>`
    select sql from sqlite_master where name = 'tasks_of_next_version'`.execute(db);
  expect(rows[0]?.sql).toMatch(/\("of_next_version", "kind"\) where "step" is not null/);
  expect(
    await faultsOfOnline(db, addedIndexes({ name: 'x', table: 'tasks', columns: ['kind'] })),
  ).toEqual([]);
});
