/** A cloud that began in one file continues on PostgreSQL: the same rows, the same devices. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { copyRows } from '#integrations/database/copy/copy-rows.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { migrate, schemaOf } from '#integrations/database/migrate.ts';
import { migrations } from '#integrations/database/migrations/index.ts';
import { useDatabase } from '#integrations/database/postgres/database-lock.ts';
import { openDatabase } from '#integrations/database/store.ts';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { copyToPostgres } from '#programs/database/copy-database.ts';
import { databaseStatus, migrateDatabase } from '#programs/database/database-status.ts';
import { upgradeDatabase } from '#programs/database/upgrade-database.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { freshDatabase, onServer, type TestDatabase } from '#test/postgres/database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { Cloud } from '#test/worlds/cloud.ts';

let database: TestDatabase;
let state: ReturnType<typeof temporaryDirectory>;
let running: AllInOne | undefined;
beforeEach(async () => {
  state = temporaryDirectory();
  database = await freshDatabase(inject('postgres'), 'empty');
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await database.drop();
  state.remove();
});

async function start(url: string | undefined): Promise<Cloud> {
  const config = { ...readConfig(), stateDir: state.path, database: url, ports: freePorts };
  running = await startAllInOne(config);
  return Cloud.at(running);
}

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

/** Rows that every start writes are left out. */
async function world(cloud: Cloud) {
  const { servers } = await cloud.ok('compute', 'GET', '/servers/detail');
  const { ports } = await cloud.ok('network', 'GET', '/ports');
  const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const held = devices.map((device: object) => ({ ...device, ifname: undefined }));
  const all = { servers, ports, devices: held, images };
  // Links have the port of this start.
  return JSON.parse(JSON.stringify(all).replaceAll(/127\.0\.0\.1:\d+/g, 'HERE')) as typeof all;
}

const stateFile = (name = 'novella.sqlite') => join(state.path, name);

test('servers, ports and devices are the same on PostgreSQL, and the cloud goes on', async () => {
  let cloud = await start(undefined);
  const red = await cloud.network('red');
  const ids = [];
  for (const type of ['direct', 'macvtap', 'direct'] as const) {
    ids.push(await cloud.boot([{ port: await cloud.port(red, type) }]));
  }
  for (const id of ids) await cloud.settled(id, 'ACTIVE');
  const [first = '', ...others] = ids;
  const ended = others.pop() ?? '';
  await cloud.send('compute', 'DELETE', `/servers/${ended}`);
  await cloud.gone(ended);
  const before = await world(cloud);
  await expect(
    copyToPostgres({ stateDir: state.path, url: undefined }, database.url),
  ).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('is in use by') });
  await stop();

  const copied = await copyToPostgres({ stateDir: state.path, url: undefined }, database.url);
  expect(copied.kept).toBe(stateFile('novella.sqlite.copied'));
  const rows = Object.fromEntries(copied.tables.map((each) => [each.table, each.rows]));
  expect(rows).toMatchObject({ instances: 3, compute_nodes: 2, pci_devices: 20, ports: 3 });
  await expect(start(undefined)).rejects.toMatchObject({
    message: expect.stringContaining(`its cloud has its database on ${database.url}`),
  });

  cloud = await start(database.url);
  expect(await world(cloud)).toEqual(before);
  // The numbers of rows and commands continue.
  const next = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(next, 'ACTIVE');
  for (const id of [first, ...others, next]) {
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
  }
  expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
});

test('a database with rows is refused, and nothing changes', async () => {
  await start(undefined);
  await stop();
  const named = { stateDir: state.path, url: undefined };
  await migrateDatabase({ stateDir: state.path, url: database.url });
  await onServer(
    database.url,
    `insert into quota_classes (class_name, resource, hard_limit) values ('default', 'cores', 3)`,
  );
  await expect(copyToPostgres(named, database.url)).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('its table quota_classes has rows'),
  });
  expect(existsSync(stateFile())).toBe(true);
  expect(existsSync(stateFile('postgresql'))).toBe(false);
  expect(await onServer(database.url, 'select 1 from flavors')).toEqual([]);
});

test('a row that PostgreSQL cannot keep as it is stops the copy, which then has nothing', async () => {
  const from = await openDatabase(stateFile());
  const to = await openDatabase(database.url);
  try {
    await migrate(from);
    await migrate(to);
    const text = (value: string) =>
      sql`update flavors set name = ${value} where flavorid = 'f'`.execute(from);
    await sql`insert into flavors (flavorid, name, vcpus, memory_mb, root_gb, ephemeral_gb, swap, rxtx_factor,
      is_public, disabled, extra_specs) values ('f', 'x', 1, 1, 1, 0, 0, 1, 1, 0, '{}')`.execute(
      from,
    );
    await text('a\0b');
    await expect(copyRows(from, to)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/^table flavors, row with .*: name has a NUL character/),
    });
    await text('fine');
    // SQLite keeps any value in any column.
    await sql`update flavors set vcpus = 1.5`.execute(from);
    await expect(copyRows(from, to)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/^table flavors: PostgreSQL refuses a row: .*1\.5/),
    });
    expect((await sql`select 1 from flavors`.execute(to)).rows).toEqual([]);
    await sql`update flavors set vcpus = 1`.execute(from);
    await copyRows(from, to);
    expect((await sql`select name from flavors`.execute(to)).rows).toEqual([{ name: 'fine' }]);
  } finally {
    await from.destroy();
    await to.destroy();
  }
});

test('a row that is not the same after the copy stops it, which then has nothing', async () => {
  const from = await openDatabase(stateFile());
  const to = await openDatabase(database.url);
  try {
    await migrate(from);
    await migrate(to);
    for (const flavor of ['a', 'b']) {
      await sql`insert into flavors (flavorid, name, vcpus, memory_mb, root_gb, ephemeral_gb, swap, rxtx_factor,
        is_public, disabled, extra_specs) values (${flavor}, ${flavor}, 1, 1, 1, 0, 0, 1, 1, 0, '{}')`.execute(
        from,
      );
    }
    await sql`create function other() returns trigger language plpgsql as
      $$ begin if new.flavorid = 'b' then new.memory_mb = 2; end if; return new; end $$`.execute(
      to,
    );
    await sql`create trigger other before insert on flavors for each row execute function other()`.execute(
      to,
    );
    await expect(copyRows(from, to)).rejects.toMatchObject({
      kind: 'unavailable',
      message:
        'table flavors: the row with id 2 is not the same after the copy; nothing was copied',
    });
    expect((await sql`select 1 from flavors`.execute(to)).rows).toEqual([]);
  } finally {
    await from.destroy();
    await to.destroy();
  }
});

test('a text that an earlier version stored with U+0000 stops no copy', async () => {
  const from = openSqlite<ComputeTables>(stateFile());
  const to = await openDatabase(database.url);
  try {
    await migrate(from, '0048-controllers');
    await sql`insert into flavors (flavorid, name, vcpus, memory_mb, root_gb, ephemeral_gb, swap, rxtx_factor,
      is_public, disabled, extra_specs) values ('f', ${'a\0b'}, 1, 1, 1, 0, 0, 1, 1, 0, '{}')`.execute(
      from,
    );
    await migrate(from);
    await migrate(to);
    await copyRows(from, to);
    expect((await sql`select name from flavors`.execute(to)).rows).toEqual([{ name: 'ab' }]);
  } finally {
    await from.destroy();
    await to.destroy();
  }
});

test('the status of a schema says what a start would do, and changes nothing', async () => {
  const older = openSqlite(stateFile());
  const all = Object.keys(migrations).toSorted();
  await migrate(older, all.at(-3));
  await older.destroy();
  const named = { stateDir: state.path, url: undefined };
  const expected = {
    engine: 'sqlite',
    database: stateFile(),
    newest: all.at(-3),
    unknown: [],
    problem: expect.stringContaining('lacks'),
  };
  expect(await databaseStatus(named)).toEqual({ ...expected, pending: all.slice(-2) });
  expect(await databaseStatus(named)).toEqual({ ...expected, pending: all.slice(-2) });
  expect(await migrateDatabase(named)).toMatchObject({ ran: all.slice(-2), newest: all.at(-1) });
  expect(await databaseStatus(named)).toMatchObject({
    pending: [],
    newest: all.at(-1),
    problem: null,
  });
  const onServerNow = { stateDir: state.path, url: database.url };
  expect(await databaseStatus(onServerNow)).toMatchObject({ newest: null, pending: all });
});

test('a schema is upgraded only while nobody uses the database', async () => {
  const events = { onProblem: () => undefined, onLost: () => undefined };
  const other = await useDatabase(database.url, 'shared', events);
  const db = await openDatabase(database.url);
  try {
    const upgrading = upgradeDatabase(db, database);
    // It waits for the other one.
    expect((await schemaOf(db)).ran).toEqual([]);
    await other.release();
    expect(await upgrading).toEqual(Object.keys(migrations).toSorted());
    const another = await useDatabase(database.url, 'shared', events);
    expect(await upgradeDatabase(db, database)).toEqual([]);
    await another.release();
  } finally {
    await db.destroy();
  }
});
