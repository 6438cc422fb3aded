import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { migrate } from '../migrate.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

const network = { physical_network: 'physnet1', remote_managed: 'False' };
const macvtap = [{ ...network, needs_interface: 'True' }];
const rows = [
  { requestId: 'macvtap', before: macvtap, needsInterface: true },
  { requestId: 'direct', before: [network], needsInterface: false },
];

/** A server as the version before this migration stored it. */
async function oldDatabase() {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0017-hosts-by-number');
  const store = computeStore(db);
  const made = aNewServer();
  await store.servers.create(made);
  return { db, store, serverId: made.server.id };
}

test('a macvtap request of an older version needs an interface, others do not', async () => {
  const { db, store, serverId } = await oldDatabase();
  for (const { requestId, before } of rows) {
    await sql`insert into pci_requests (instance_uuid, request_id, count, spec)
      values (${serverId}, ${requestId}, 1, ${JSON.stringify(before)})`.execute(db);
  }
  await migrate(db);
  const none = { count: 1, aliasName: null, numaPolicy: null, requesterId: null };
  expect(await store.servers.pciRequests(serverId)).toEqual(
    rows.map(({ requestId, needsInterface }) => ({
      ...none,
      requestId,
      spec: [network],
      needsInterface,
    })),
  );
});

test.each([...rows, { requestId: 'none', before: null, needsInterface: null }])(
  'a running attach of an older version continues: $requestId',
  async ({ requestId, before, needsInterface }) => {
    const { db, serverId } = await oldDatabase();
    const request = before === null ? null : { requestId, count: 1, spec: before };
    const data = JSON.stringify({ nicId: 'nic', pciRequest: request });
    await sql`update tasks set kind = 'attach', step = 'claim', data = ${data}`.execute(db);
    await migrate(db);
    const found = await sql<{ data: string }>`select data from tasks
      where instance_uuid = ${serverId}`.execute(db);
    expect(JSON.parse(found.rows[0]?.data ?? '')).toEqual({
      nicId: 'nic',
      pciRequest: request && { ...request, spec: [network], needsInterface },
    });
  },
);
