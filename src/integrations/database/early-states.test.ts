/**
 * Every schema that was ever on main becomes today's, with its rows. Those that no list of
 * migrations makes any more are kept as dumps.
 */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { earlyStates, makeEarlyDatabase } from '#test/databases/early-states.ts';
import { freshFile } from '#test/fresh-file.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { createNetworkStore } from './services/network-store.ts';
import { openSqlite } from './sqlite/sqlite.ts';
import { computeStore } from './store.ts';
import type { ComputeTables } from './engine/tables.ts';

const withServer = ['014842f', '5759a1b', '7dbc06c', 'df6799a', '82e7a61', '34a9d5e'];

async function upgraded(file: string, act: (db: Kysely<ComputeTables>) => Promise<void>) {
  const db = openSqlite<ComputeTables>(file);
  try {
    await migrate(db);
    expect(await migrate(db)).toEqual([]);
    await act(db);
  } finally {
    await db.destroy();
  }
}

function restored(state: string): string {
  const file = freshFile('novella.sqlite');
  makeEarlyDatabase(state, file);
  return file;
}

/**
 * Columns with type and whether a value is needed, and the other definitions; a default may be
 * there for the sake of older rows.
 */
async function shapeOf(db: Kysely<ComputeTables>): Promise<string[]> {
  const { rows } = await sql<{ type: string; name: string; text: string }>`
    select 'column' as type, m.name || '.' || c.name as name, c.type || ' ' || c."notnull" || ' ' || c.pk as text
    from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'
    union all select type, name, sql from sqlite_master where type != 'table' and sql is not null
    order by 1, 2`.execute(db);
  return rows.map(({ type, name, text }) => `${type} ${name}: ${text}`);
}

let today: string[];
beforeAll(() =>
  upgraded(':memory:', async (db) => {
    today = await shapeOf(db);
  }),
);

test.each(earlyStates)('the upgraded database of %s equals a new one', async (state) => {
  await upgraded(restored(state), async (db) => {
    expect(await shapeOf(db)).toEqual(today);
    const broken = await sql`select * from pragma_foreign_key_check()`.execute(db);
    expect(broken.rows).toEqual([]);
  });
});

test.each(withServer)('the server, devices, port and network of %s still exist', async (state) => {
  await upgraded(restored(state), async (db) => {
    const store = computeStore(db);
    const [server] = await store.servers.list({});
    expect(server).toMatchObject({ name: 'old', vmState: 'active', imageProperties: {} });
    const hosts = await store.hosts.list();
    expect(hosts.map(({ name }) => name)).toEqual(['host-1', 'host-2']);
    const devices = await store.hosts.devices(server?.hostId ?? '');
    expect(devices.filter(({ serverId }) => serverId === server?.id)).toHaveLength(1);
    const network = createNetworkStore(db);
    expect(await network.ports({})).toMatchObject([{ name: 'fast', deviceId: server?.id }]);
    expect(await network.networks()).toMatchObject([{ name: 'red', mtu: 1500 }]);
  });
});

const names = Object.keys(migrations).toSorted();
test.each(names)(
  'a database that stopped at %s is upgraded to a new one’s schema',
  async (last) => {
    const file = freshFile('novella.sqlite');
    const db = openSqlite<ComputeTables>(file);
    await migrate(db, last);
    await db.destroy();
    await upgraded(file, async (again) => {
      expect(await shapeOf(again)).toEqual(today);
    });
  },
);
