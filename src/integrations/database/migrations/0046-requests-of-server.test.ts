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

test('servers keep their requests, in order, and a damaged one ends no upgrade', async () => {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0045-device-events');
  const store = computeStore(db);
  const [two, none, damaged] = [aNewServer(), aNewServer(), aNewServer()];
  for (const server of [two, none, damaged]) await store.servers.create(server);
  const add = (id: string, request: string, spec: string) =>
    sql`insert into pci_requests (instance_uuid, request_id, count, spec, needs_interface,
        alias_name, numa_policy, requester_id)
      values (${id}, ${request}, 2, ${spec}, 1, 'gpu', 'required', null)`.execute(db);
  await add(two.server.id, 'r2', '[{"physical_network":"red"}]');
  await add(damaged.server.id, 'r', '[{"physical_n');
  await add(two.server.id, 'r1', '[]');
  await migrate(db);
  const common = { count: 2, needsInterface: true, aliasName: 'gpu', numaPolicy: 'required' };
  expect(await store.servers.pciRequests(two.server.id)).toEqual([
    { ...common, requestId: 'r2', requesterId: null, spec: [{ physical_network: 'red' }] },
    { ...common, requestId: 'r1', requesterId: null, spec: [] },
  ]);
  expect(await store.servers.pciRequests(none.server.id)).toEqual([]);
  await store.servers.mend(damaged.server.id);
  expect(await store.servers.pciRequests(damaged.server.id)).toEqual([]);
});
