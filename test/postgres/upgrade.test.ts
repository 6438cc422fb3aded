/** Online migrations on PostgreSQL, while others use the database. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { isComputeError } from '#core/errors.ts';
import { migrate, schemaOf } from '#integrations/database/migrate.ts';
import { migrations } from '#integrations/database/migrations/index.ts';
import { useDatabase } from '#integrations/database/postgres/database-lock.ts';
import { openDatabase, openStore } from '#integrations/database/store.ts';
import { isOnline } from '#integrations/database/upgrade/online.ts';
import { upgradeDatabase } from '#programs/database/upgrade-database.ts';
import { faultsOfOnline } from '#test/upgrade/online-faults.ts';
import { asVersionAhead, migrationsAhead } from '#test/upgrade/version-ahead.ts';
import { freshDatabase, onServer } from '#test/postgres/database.ts';
import { aBoot } from '#test/worlds/store-rows.ts';

const closers: (() => Promise<unknown>)[] = [];
let url: string;
beforeEach(async () => {
  const database = await freshDatabase(inject('postgres'));
  closers.push(database.drop);
  ({ url } = database);
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const ahead = migrationsAhead('online');
const names = Object.keys(ahead);
const [columns = '', index = ''] = names;

async function anUpgrade<Result>(act: (db: Kysely<object>) => Promise<Result>): Promise<Result> {
  const db = await openDatabase(url, { isUnlimited: true });
  try {
    return await act(db as unknown as Kysely<object>);
  } finally {
    await db.destroy();
  }
}

const migrateAhead = () => asVersionAhead(ahead, () => anUpgrade((db) => migrate(db)));

async function aSession(...statements: string[]): Promise<Client> {
  const client = new Client(url);
  client.on('error', () => {});
  await client.connect();
  closers.push(() => client.end());
  for (const statement of statements) await client.query(statement);
  return client;
}

const indexState = () =>
  onServer(
    url,
    `select indisvalid from pg_index join pg_class on oid = indexrelid
     where relname = 'tasks_of_next_version'`,
  );

test('an index that a killed upgrade left incomplete is created again', async () => {
  await asVersionAhead({ [columns]: ahead[columns] as Migration }, () =>
    anUpgrade((db) => migrate(db)),
  );
  // The creation of an index waits for the transactions of now.
  const other = await aSession('begin', 'update tasks set kind = kind');
  const killed = migrateAhead().catch((error: unknown) => error);
  const creating = `from pg_stat_activity where query like '%create index concurrently%'
    and pid <> pg_backend_pid() and datname = current_database()`;
  await expect.poll(() => onServer(url, `select pid ${creating}`)).toHaveLength(1);
  await onServer(url, `select pg_terminate_backend(pid) ${creating}`);
  expect(await killed).toMatchObject({ kind: 'unavailable' });
  expect(await indexState()).toEqual([{ indisvalid: false }]);
  await other.query('commit');
  expect(await migrateAhead()).toEqual([index]);
  expect(await indexState()).toEqual([{ indisvalid: true }]);
  expect(await migrateAhead()).toEqual([]);
});

test('of several processes that upgrade at once each migration runs in one', async () => {
  const ran = await asVersionAhead(ahead, () =>
    Promise.all([1, 2, 3].map(() => anUpgrade((db) => migrate(db)))),
  );
  expect(ran.flat()).toEqual(names);
});

test('a change of a table waits for a long transaction without stopping others for long', async () => {
  const long = await aSession('begin', 'select 1 from decisions');
  const upgrading = migrateAhead();
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock'
    and query like '%alter table "decisions"%' and datname = current_database()`;
  await expect.poll(() => onServer(url, waiting), { timeout: 10_000 }).toHaveLength(1);
  const began = performance.now();
  await onServer(url, 'select 1 from decisions');
  expect(performance.now() - began).toBeLessThan(4_000);
  await long.query('commit');
  expect(await upgrading).toEqual(names);
});

test('a migration that locks tables in another order than a transaction is repeated', async () => {
  await anUpgrade((db) => migrate(db));
  const tables = await onServer(
    url,
    `select tablename as name from pg_tables where schemaname = current_schema()
       and tablename not like 'kysely%'`,
  );
  const [first, last] = [tables[0], tables.at(-1)].map((table) => String(table?.['name']));
  // The server ends the migration, which looks for a deadlock sooner.
  const other = await aSession("set deadlock_timeout = '60s'", 'begin', `select 1 from "${last}"`);
  const upgraded = migrateAhead();
  const waiting = () => onServer(url, 'select 1 from pg_locks where not granted');
  await expect.poll(waiting, { timeout: 20_000, interval: 20 }).not.toEqual([]);
  await other.query(`select 1 from "${first}"`);
  await other.query('commit');
  expect(await upgraded).toEqual(names);
});

test('online migrations run while controllers use the database, and others do not', async () => {
  const events = { onProblem: () => undefined, onLost: () => undefined };
  const controller = await useDatabase(url, 'shared', events);
  closers.push(() => controller.release());
  const upgrade = () => anUpgrade((db) => upgradeDatabase(db, { url, tries: 2 }));
  expect(await asVersionAhead(ahead, upgrade)).toEqual(names);
  const refused = asVersionAhead(migrationsAhead('changed'), async () =>
    upgrade().catch((error: unknown) => error),
  );
  const error = await refused;
  expect(isComputeError(error, 'conflict') && error.message).toBe(
    'the schema of the database must be upgraded (9003-changed), which is not possible while controllers of the version before run; stop all of them, then start this version',
  );
  expect((await anUpgrade((db) => schemaOf(db))).unknown).toEqual(names);
});

test('a store that was open before writes and reads rows of the schema ahead', async () => {
  const { store } = await openStore(url);
  closers.push(() => store.close());
  const before = await aBoot(store);
  // Prepared by now.
  for (let run = 0; run < 3; run += 1) await store.tasks.of(before.serverId);
  await migrateAhead();
  const after = await aBoot(store);
  for (const { serverId } of [before, after]) {
    expect(await store.tasks.of(serverId)).toMatchObject({ kind: 'boot' });
  }
  const leased = await store.tasks.lease('a', Number.MAX_SAFE_INTEGER, 1_000, { limit: 10 });
  expect(leased).toHaveLength(2);
  expect(await onServer(url, 'select stated_by_next as text from tasks')).toEqual([
    { text: 'as before' },
    { text: 'as before' },
  ]);
  const again = await openStore(url);
  closers.push(() => again.store.close());
  expect(await again.store.servers.list({})).toHaveLength(2);
});

test.each(Object.keys(migrations).filter(isOnline))('%s only adds', async (name) => {
  const empty = await freshDatabase(inject('postgres'), 'empty');
  const db = await openDatabase(empty.url);
  closers.push(empty.drop, () => db.destroy());
  const before = Object.keys(migrations).filter((each) => each < name);
  await migrate(db, before.toSorted().at(-1));
  const migration = migrations[name];
  if (migration === undefined) throw new Error('it is there');
  expect(await faultsOfOnline(db as unknown as Kysely<unknown>, migration)).toEqual([]);
});
