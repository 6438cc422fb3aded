import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { freshFile } from '#test/fresh-file.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite/sqlite.ts';
import { computeStore } from './store.ts';
import type { ComputeTables } from './engine/tables.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

/**
 * A database from before devices had their request: one host, one server, a held VF and a free one.
 */
async function oldDatabase() {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0001-compute');
  const store = computeStore(db);
  const host = { id: 'b2c6e9d0-0000-4000-8000-000000000001' };
  await sql`
    insert into compute_nodes (uuid, hypervisor_hostname, generation, availability_zone, host_ip, hypervisor_type,
      hypervisor_version, vcpus, memory_mb, local_gb, cpu_info, vcpus_used, memory_mb_used, local_gb_used, pci_stats,
      disabled, forced_down, last_seen_at, created_at, last_command_seq)
    values (${host.id}, 'host-1', 1, 'nova', '192.0.2.1', 'QEMU', 1, 8, 1024, 10, '{}', 0, 0, 0, '[]', 0, 0, 1, 1, 0)
  `.execute(db);
  const newServer = aNewServer({ hostId: host.id });
  await store.servers.create(newServer);
  const row = {
    compute_node_id: host.id,
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    dev_id: 'pci_0000_81_00_1',
    label: 'label_8086_10ca',
    numa_node: null,
    parent_addr: '0000:81:00.0',
    extra_info:
      '{"ifname":null,"parent_ifname":null,"mac_address":null,"capabilities":{"sriov":{"vfNum":0}}}',
    tags: '{"physical_network":"physnet1"}',
  };
  const held = { status: 'allocated', instance_uuid: newServer.server.id };
  // As the old schema was: without request_id.
  const rows = [
    { ...row, address: '0000:81:00.1', ...held },
    { ...row, address: '0000:81:00.2', status: 'available', instance_uuid: null },
  ];
  await db.insertInto('pci_devices').values(rows).execute();
  return { db, store, hostId: host.id, task: { ...newServer.task, epoch: 1 } };
}

test('a database with devices gets request_id: its rows stay, have none, and can be claimed and released', async () => {
  const { db, store, hostId, task } = await oldDatabase();
  expect(await migrate(db)).toContain('0002-pci-device-request-id');
  const devices = await store.hosts.devices(hostId);
  const { serverId } = task;
  expect(devices).toMatchObject([
    { address: '0000:81:00.1', status: 'allocated', serverId, requestId: null },
    { address: '0000:81:00.2', status: 'available', serverId: null, requestId: null },
  ]);
  expect(devices[0]?.tags).toEqual({ physical_network: 'physnet1' });
  const claimed = {
    ...devices[1]!,
    status: 'claimed' as const,
    serverId,
    requestId: 'request-1',
  };
  const freed = { ...devices[0]!, status: 'available' as const, serverId: null };
  const host = { hostId, generation: 1, devices: [freed, claimed] };
  expect(await store.commit({ task, next: null, host })).toEqual({ ok: true });
  expect(await store.hosts.devices(hostId)).toEqual([freed, claimed]);
});

test('after the upgrade the database refuses a second holder of a device, and a second row of one', async () => {
  const { db } = await oldDatabase();
  await migrate(db);
  const row = db.updateTable('pci_devices').where('address', '=', '0000:81:00.1');
  await expect(row.set({ instance_uuid: 'another' }).execute()).rejects.toThrow('held by another');
  const [first] = await db.selectFrom('pci_devices').selectAll().execute();
  const second = { ...first!, id: 99, instance_uuid: 'another' };
  await expect(db.insertInto('pci_devices').values(second).execute()).rejects.toThrow('UNIQUE');
});

test('a second process that opens the database finds no migration to run', async () => {
  const path = freshFile('both.db');
  const [first, second] = [openSqlite<ComputeTables>(path), openSqlite<ComputeTables>(path)];
  close = async () => {
    await first.destroy();
    await second.destroy();
  };
  const [ran, ranToo] = await Promise.all([migrate(first), migrate(second)]);
  expect([...ran, ...ranToo].toSorted()).toEqual([...new Set([...ran, ...ranToo])].toSorted());
  expect(await migrate(second)).toEqual([]);
});

async function aDatabase() {
  const db = openSqlite<ComputeTables>(freshFile('some.db'));
  close = () => db.destroy();
  return db;
}

test('a database of a newer version is refused, naming the unknown migration', async () => {
  const db = await aDatabase();
  await migrate(db);
  await sql`insert into kysely_migration values ('9999-from-the-future', '2030-01-01')`.execute(db);
  await expect(migrate(db)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      /written by a newer Novella: it has 9999-from-the-future, and the newest migration of this version is \d{4}-[\w.-]+; start the newer version/,
    ),
  });
});

test('a migration that ran before one with a lower number existed does no harm', async () => {
  const db = await aDatabase();
  await migrate(db, '0005-server-groups');
  await sql`alter table compute_nodes add column problems text`.execute(db);
  await sql`insert into kysely_migration values ('0007-host-problems', '2026-11-24')`.execute(db);
  expect(await migrate(db)).toContain('0006-enrolled-hosts');
  expect(await migrate(db)).toEqual([]);
});

test('a migration that fails is named with its cause, and nothing of it stays', async () => {
  const db = await aDatabase();
  await migrate(db, '0006-enrolled-hosts');
  await sql`alter table compute_nodes add column problems text`.execute(db);
  await expect(migrate(db)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      /migration 0007-host-problems failed: duplicate column name: problems/,
    ),
  });
});
