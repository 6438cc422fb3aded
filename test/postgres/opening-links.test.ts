/** Links that take long to record, while their controller lives or is removed. */
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { Client } from 'pg';
import type { Store } from '#contracts/store/store.ts';
import { openStore } from '#integrations/database/store.ts';
import { freshDatabase, type TestDatabase } from '#test/postgres/database.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let database: TestDatabase;
let store: Store;
let other: Client;
beforeEach(async () => {
  database = await freshDatabase(inject('postgres'));
  ({ store } = await openStore(database.url));
  other = new Client(database.url);
  await other.connect();
  await store.controllers.add({ id: 'a', name: 'a', version: '1', startedAt: 0 });
});
afterEach(async () => {
  await other.end();
  await store.close();
  await database.drop();
});

/** A link of a host that cannot be recorded until `release` is called. */
async function aSlowLink() {
  const hostId = await aHost(store, []);
  await other.query('begin');
  await other.query(
    `insert into host_links (compute_node_id, controller_uuid, link, sent_up_to)
     values ($1, null, 1, 0)`,
    [hostId],
  );
  const opening = store.hostLinks.open([{ hostId, controllerId: 'a', link: 2 }]);
  const waits = async () =>
    (await other.query("select 1 from pg_locks where not granted and locktype = 'transactionid'"))
      .rowCount;
  await expect.poll(waits).toBeGreaterThan(0);
  return { hostId, opening, release: () => other.query('rollback') };
}

test('a controller shows that it is alive while links of many hosts are recorded', async () => {
  const { hostId, opening, release } = await aSlowLink();
  for (let beat = 0; beat < 3; beat += 1) expect(await store.controllers.beat('a')).toBe(true);
  await release();
  expect(await opening).toEqual(new Set([hostId]));
});

test('a link that is recorded while its controller is removed is closed', async () => {
  const { opening, release } = await aSlowLink();
  let isRemoved = false;
  const removing = store.controllers.remove('a').then(() => {
    isRemoved = true;
  });
  const beats = async () => (await store.controllers.list())[0]?.beats;
  await expect.poll(beats).toBe(-1);
  expect(isRemoved).toBe(false);
  await release();
  await Promise.all([opening, removing]);
  const { links } = await store.hostLinks.changedSince();
  expect(links.filter(({ controllerId }) => controllerId !== null)).toEqual([]);
});
