import { type Kysely, sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import type { StoredImage } from '#contracts/store/image-store.ts';
import { migratedSqlite, migratedStore } from '#test/migrated-database.ts';
import { aFlavor, aHost, aNewServer } from '#test/worlds/store-rows.ts';
import { createImageStore } from '../services/image-store.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const image = (id: string): StoredImage => ({
  id,
  name: id,
  status: 'saving',
  visibility: 'public',
  diskFormat: 'raw',
  containerFormat: 'bare',
  minDiskGib: 0,
  minMemoryMib: 0,
  isProtected: false,
  isHidden: false,
  tags: [],
  properties: {},
  projectId: 'p',
  sizeBytes: null,
  md5: null,
  sha512: null,
  createdAt: 1,
  updatedAt: 1,
});

async function images() {
  const db = await migratedSqlite<unknown>(':memory:');
  closers.push(() => db.destroy());
  const store = createImageStore(db);
  for (const id of ['good', 'bad']) await store.add(image(id));
  return { db, store };
}

const poison = (db: Kysely<unknown>, table: string, change: string) =>
  sql.raw(`update ${table} set ${change}`).execute(db);

test.each(['9007199254740993', '9223372036854775807', '-9223372036854775808', '1e308'])(
  'a row with the number %s is read, listed and removed like any other',
  async (number) => {
    const { db, store } = await images();
    await poison(db, 'images', `min_disk_gib = ${number}, min_memory_mib = ${number}`);
    expect((await store.list()).map(({ minDiskGib }) => minDiskGib)).toEqual([
      Number(number),
      Number(number),
    ]);
    expect((await store.get('bad'))?.minMemoryMib).toBe(Number(number));
    await store.remove('bad');
    expect(await store.list()).toHaveLength(1);
  },
);

test('an image with unreadable text is omitted from the list', async () => {
  const { db, store } = await images();
  await poison(db, 'images', `tags = '{' where id = 'bad'`);
  expect((await store.list()).map(({ id }) => id)).toEqual(['good']);
});

const columns = [
  ['instances', 'metadata'],
  ['instances', 'flavor'],
  ['flavors', 'extra_specs'],
] as const;

test.each(columns)(
  'an unreadable %s.%s removes only its own entry of a list',
  async (table, column) => {
    const { store, db } = await migratedStore(':memory:', { clock: { now: Date.now } });
    closers.push(() => store.close());
    for (const name of ['good', 'bad']) {
      await store.servers.create(aNewServer({ name }));
      await store.flavors.create(aFlavor({ id: name, name }));
    }
    const named = table === 'instances' ? 'display_name' : 'name';
    await poison(db as Kysely<unknown>, table, `${column} = '{"a' where ${named} = 'bad'`);
    const list = table === 'instances' ? await store.servers.list({}) : await store.flavors.list();
    expect(list.map(({ name }) => name)).toEqual(['good']);
  },
);

test.each(['cpu_info', 'pci_stats', 'problems', 'numa_topology', 'physical_networks'])(
  'a host with an unreadable %s is listed: it reports it again',
  async (column) => {
    const { store, db } = await migratedStore(':memory:', { clock: { now: Date.now } });
    closers.push(() => store.close());
    await aHost(store, []);
    await poison(db as Kysely<unknown>, 'compute_nodes', `${column} = '{"a'`);
    expect((await store.hosts.list()).map(({ name }) => name)).toEqual(['host-1']);
  },
);
