/** What the store relies on at PostgreSQL, beyond SQL. */
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { inTransaction } from '#integrations/database/engine/transaction.ts';
import { openPostgres } from '#integrations/database/postgres/postgres.ts';
import { openStore } from '#integrations/database/store.ts';
import { freshDatabase, onServer, type TestDatabase } from '#test/postgres/database.ts';
import { aHost } from '#test/worlds/store-rows.ts';

interface Tables {
  seats: { id: number; holder: string };
}

let database: TestDatabase;
let db: Kysely<Tables>;
beforeEach(async () => {
  database = await freshDatabase(inject('postgres'), 'empty');
  db = await openPostgres<Tables>(database.url);
  await db.schema
    .createTable('seats')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .execute();
});
afterEach(async () => {
  await db.destroy();
  await database.drop();
});

test('transactions that count before they write are as if one after the other', async () => {
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  let runs = 0;
  const allCounted = Promise.withResolvers<void>();
  const take = (id: number) =>
    inTransaction(db, async (trx) => {
      runs += 1;
      const { count } = await trx
        .selectFrom('seats')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      if (runs === ids.length) allCounted.resolve();
      await allCounted.promise;
      if (count < 3) await trx.insertInto('seats').values({ id, holder: 'x' }).execute();
      return count < 3;
    });
  const taken = await Promise.all(ids.map(take));
  expect(taken.filter(Boolean)).toHaveLength(3);
  expect(await db.selectFrom('seats').selectAll().execute()).toHaveLength(3);
  // Some were refused and repeated.
  expect(runs).toBeGreaterThan(ids.length);
});

test('many transactions that all conflict end, after a few attempts each', async () => {
  // As many connections as several controllers have.
  const others = await Promise.all([1, 2, 3].map(() => openPostgres<Tables>(database.url)));
  const pools = [db, ...others];
  const ids = Array.from({ length: 200 }, (_, at) => at);
  let runs = 0;
  const append = (id: number) =>
    inTransaction(pools[id % pools.length] ?? db, async (trx) => {
      runs += 1;
      const { count } = await trx
        .selectFrom('seats')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      await sql`select pg_sleep(0.01)`.execute(trx);
      const holder = String(count);
      await trx.insertInto('seats').values({ id, holder }).execute();
    });
  try {
    await Promise.all(ids.map(append));
  } finally {
    for (const each of others) await each.destroy();
  }
  const rows = await db.selectFrom('seats').select('holder').execute();
  expect(new Set(rows.map(({ holder }) => holder)).size).toBe(ids.length);
  expect(runs).toBeLessThan(8 * ids.length);
});

test('two transactions that wait for each other both end', async () => {
  const seats = [1, 2].map((id) => ({ id, holder: '' }));
  await db.insertInto('seats').values(seats).execute();
  const inOrder = (holder: string, ids: number[]) =>
    inTransaction(db, async (trx) => {
      for (const id of ids) {
        await trx
          .updateTable('seats')
          .set((eb) => ({ holder: eb.fn<string>('concat', ['holder', sql.lit(holder)]) }))
          .where('id', '=', id)
          .execute();
        await sql`select pg_sleep(0.05)`.execute(trx);
      }
    });
  await Promise.all([inOrder('a', [1, 2]), inOrder('b', [2, 1])]);
  const rows = await db.selectFrom('seats').select('holder').orderBy('id').execute();
  expect(rows.map(({ holder }) => holder.split('').toSorted())).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
});

test('what a transaction throws rolls it back, and is thrown', async () => {
  const work = inTransaction(db, async (trx) => {
    await trx.insertInto('seats').values({ id: 1, holder: 'x' }).execute();
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await db.selectFrom('seats').selectAll().execute()).toEqual([]);
});

test('a connection that the server ends fails its statement only', async () => {
  const ended = sql`select pg_terminate_backend(pg_backend_pid())`.execute(db);
  await expect(ended).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('the database cannot be reached'),
  });
  expect(await db.selectFrom('seats').selectAll().execute()).toEqual([]);
});

test('statements and idle transactions have an end', async () => {
  const { rows } = await sql`select current_setting('statement_timeout') as statement,
    current_setting('idle_in_transaction_session_timeout') as idle`.execute(db);
  expect(rows).toEqual([{ statement: '30s', idle: '10s' }]);
  const slow = inTransaction(db, async (trx) => {
    await sql`set local statement_timeout = 50`.execute(trx);
    await sql`select pg_sleep(5)`.execute(trx);
  });
  await expect(slow).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'the database did not execute a statement within its time',
  });
});

test('a statement is prepared from its second run on, and again after its table changed', async () => {
  const all = (of: Kysely<Tables>) => of.selectFrom('seats').selectAll().execute();
  await db.insertInto('seats').values({ id: 1, holder: 'x' }).execute();
  await inTransaction(db, async (trx) => {
    for (let run = 0; run < 3; run += 1) await all(trx);
    const { rows } = await sql`select statement from pg_prepared_statements
      where statement = 'select * from "seats"'`.execute(trx);
    expect(rows).toHaveLength(1);
  });
  await db.schema.alterTable('seats').addColumn('row', 'integer').execute();
  expect(await all(db)).toEqual([{ id: 1, holder: 'x', row: null }]);
  expect(await inTransaction(db, all)).toEqual([{ id: 1, holder: 'x', row: null }]);
});

test('a table changed while its statement is prepared repeats the transaction', async () => {
  const all = (of: Kysely<Tables>) => of.selectFrom('seats').selectAll().execute();
  for (let run = 0; run < 3; run += 1) await all(db);
  await db.schema.alterTable('seats').addColumn('row', 'integer').execute();
  await db.insertInto('seats').values({ id: 1, holder: 'x' }).execute();
  expect(await inTransaction(db, all)).toEqual([{ id: 1, holder: 'x', row: null }]);
});

test('a text with the character U+0000 is refused', async () => {
  const insert = db.insertInto('seats').values({ id: 1, holder: 'a\0b' }).execute();
  await expect(insert).rejects.toMatchObject({ kind: 'invalid' });
});

test.each([
  { set: `set synchronous_commit = off`, says: 'synchronous_commit is off' },
  { set: `set default_transaction_read_only = on`, says: 'the database is read-only' },
])('a server that may lose or refuse commits is refused: $set', async ({ set, says }) => {
  const name = new URL(database.url.replace('@/', '@x/')).pathname.slice(1);
  await onServer(inject('postgres'), `alter database ${name} ${set}`);
  const opened = openStore(database.url);
  const message = expect.stringContaining(says);
  await expect(opened).rejects.toMatchObject({ kind: 'unavailable', message });
});

test('a database that does not exist, and a server that does not run, are named', async () => {
  const missing = database.url.replace(/test_\w+/, 'missing');
  await expect(openStore(missing)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('the database does not exist'),
  });
  const nowhere = database.url.replace(/host=.*/, 'host=/nowhere');
  await expect(openStore(nowhere)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/^database postgresql:.*nowhere cannot be reached: .*nowhere/),
  });
});

test('a change of a host that commits after a later one is not missed', async () => {
  const { url, drop } = await freshDatabase(inject('postgres'));
  const { store, db: ofStore } = await openStore(url);
  const [a, b] = [await aHost(store, [], 'a'), await aHost(store, [], 'b')];
  const { mark } = await store.hosts.changedSince();
  const [begun, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = inTransaction(ofStore, async (trx) => {
    await trx.updateTable('compute_nodes').set({ generation: 7 }).where('uuid', '=', a).execute();
    begun.resolve();
    await resume.promise;
  });
  await begun.promise;
  await store.hosts.update({ hostId: b, generation: 2, vcpusUsed: 1 });
  const first = await store.hosts.changedSince(mark);
  expect(first.versions.map(({ id }) => id)).toEqual([b]);
  resume.resolve();
  await slow;
  const second = await store.hosts.changedSince(first.mark);
  expect(second.versions.map(({ id }) => id)).toEqual([a]);
  await store.close();
  await drop();
});
