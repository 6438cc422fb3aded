import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { openSqlite } from './sqlite.ts';

interface Tables {
  notes: { text: string };
}

const opened: { destroy(): Promise<void> }[] = [];

function open(path: string, busyTimeoutMs = 10_000) {
  const db = openSqlite<Tables>(path, { busyTimeoutMs });
  opened.push(db);
  return db;
}

async function twoConnections(busyTimeoutMs?: number) {
  const path = freshFile('notes.db');
  const first = open(path);
  await first.schema.createTable('notes').addColumn('text', 'text').execute();
  return [first, open(path, busyTimeoutMs)] as const;
}

afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

test('a writer waits for the transaction of another connection in the same process', async () => {
  const [first, second] = await twoConnections();
  let waited: Promise<unknown> = Promise.resolve();
  await first.transaction().execute(async (trx) => {
    await trx.insertInto('notes').values({ text: 'first' }).execute();
    expect(await second.selectFrom('notes').selectAll().execute()).toEqual([]);
    waited = second.insertInto('notes').values({ text: 'second' }).execute();
    await trx.insertInto('notes').values({ text: 'third' }).execute();
  });
  await waited;
  expect(await first.selectFrom('notes').select('text').execute()).toEqual([
    { text: 'first' },
    { text: 'third' },
    { text: 'second' },
  ]);
});

test('a writer that waited too long reports that the database is busy', async () => {
  const [first, second] = await twoConnections(1);
  await first.transaction().execute(async (trx) => {
    await trx.insertInto('notes').values({ text: 'first' }).execute();
    const late = second.insertInto('notes').values({ text: 'second' }).execute();
    await expect(late).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'the database is busy: another program has locked it for writing',
    });
  });
});

test('a known statement returns the columns that its table has now', async () => {
  const [first, second] = await twoConnections();
  await first.insertInto('notes').values({ text: 'a' }).execute();
  const read = (db: typeof first) => db.selectFrom('notes').selectAll().execute();
  for (const db of [first, second]) expect(await read(db)).toEqual([{ text: 'a' }]);
  await sql`alter table notes add column size integer default 3`.execute(first);
  for (const db of [first, second]) expect(await read(db)).toEqual([{ text: 'a', size: 3 }]);
  await sql`alter table notes rename column text to line`.execute(first);
  expect(await read(first)).toEqual([{ line: 'a', size: 3 }]);
});

test('a file that cannot be opened is named', () => {
  const path = join(freshFile('nowhere'), 'store.db');
  expect(() => openSqlite(path)).toThrow(`database ${path}: cannot be opened`);
});

test('a migration that fails halfway leaves nothing behind', async () => {
  const [db] = await twoConnections();
  const half = db.transaction().execute(async (trx) => {
    await trx.schema.createTable('half').addColumn('id', 'integer').execute();
    await sql`select * from nowhere`.execute(trx);
  });
  await expect(half).rejects.toThrow('nowhere');
  const tables = (await db.introspection.getTables()).map((table) => table.name);
  expect(tables).toEqual(['notes']);
});

test('timers and sockets run between the transactions of a busy writer', async () => {
  const [db] = await twoConnections();
  const many = 1_000;
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  let written = 0;
  for (; written < many && !stop.signal.aborted; written++) {
    await db
      .transaction()
      .execute((trx) => trx.insertInto('notes').values({ text: 'busy' }).execute());
  }
  expect(written).toBeLessThan(many);
});

test('a full disk is reported as such, also within a transaction, and writing continues once there is space', async () => {
  const [db] = await twoConnections();
  await sql`pragma max_page_count = 3`.execute(db);
  const text = 'x'.repeat(100_000);
  const write = () => db.insertInto('notes').values({ text }).execute();
  const full = {
    kind: 'unavailable',
    message:
      'the disk of the state directory is full; make room there, and it continues without a restart',
    detail: 'database or disk is full',
  };
  await expect(write()).rejects.toMatchObject(full);
  const inTransaction = db
    .transaction()
    .execute((trx) => trx.insertInto('notes').values({ text }).execute());
  await expect(inTransaction).rejects.toMatchObject(full);
  await sql`pragma max_page_count = 1000`.execute(db);
  await write();
  expect(await db.selectFrom('notes').select('text').execute()).toHaveLength(1);
});

test('reads continue while another program locks the database, and all waiting writes fail together in bounded time', async () => {
  const path = freshFile('notes.db');
  const db = open(path, 100);
  await db.schema.createTable('notes').addColumn('text', 'text').execute();
  const other = new DatabaseSync(path);
  other.exec(`begin immediate; insert into notes values ('not committed')`);
  const busy = { kind: 'unavailable', message: expect.stringContaining('another program') };
  const write = () => db.insertInto('notes').values({ text: 'late' }).execute();
  const startedAt = performance.now();
  const writes = [
    ...Array.from({ length: 50 }, write),
    db.transaction().execute((trx) => trx.insertInto('notes').values({ text: 't' }).execute()),
  ];
  const ends = Promise.allSettled(writes);
  expect(await db.selectFrom('notes').selectAll().execute()).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(100);
  for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: busy });
  // Not 51 times as long as one waits.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  other.exec('commit');
  other.close();
  await write();
  expect(await db.selectFrom('notes').select('text').execute()).toHaveLength(2);
});

test('a limit is an expression: SQLite would plan a statement again for each value of a bare one', async () => {
  const [db] = await twoConnections();
  for (const text of ['one', 'two', 'three'])
    await db.insertInto('notes').values({ text }).execute();
  const page = db.selectFrom('notes').select('text').orderBy('text').limit(2).offset(1);
  expect(page.compile().sql).toMatch(/ limit \(\? \+ 0\) offset \?$/);
  expect(await page.execute()).toEqual([{ text: 'three' }, { text: 'two' }]);
});
