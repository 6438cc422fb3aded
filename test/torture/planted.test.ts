/** The checks of the torture find what they are for: violations planted in the state of a cloud. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { alwaysViolations } from './checks/always.ts';
import { restViolations } from './checks/at-rest.ts';
import { doneViolations, keptViolations } from './checks/kept.ts';
import { Ledger } from './load/ledger.ts';
import { ownName } from './load/own-name.ts';
import { readSnapshot } from './state/read-snapshot.ts';
import type { Snapshot } from './state/snapshot.ts';

const state = temporaryDirectory();
const database = join(state.path, 'novella.sqlite');
const hosts = ['host-1', 'host-2'];
const guestFolder = (host: string) => join(state.path, 'hosts', host, 'guests');
const ledger = new Ledger();

/** Three servers with a direct port each, one of them deleted, and what the load knows of them. */
beforeAll(async () => {
  const config = { ...readConfig(), stateDir: state.path, ports: freePorts };
  const running = await startAllInOne(config, silentLog);
  const cloud = await Cloud.at(running);
  const red = await cloud.network('red');
  const ids: string[] = [];
  for (let made = 0; made < 3; made += 1) {
    const port = await cloud.port(red, 'direct', { name: ownName });
    ledger.addPort(port);
    const id = await cloud.boot([{ port }]);
    ledger.addServer(id);
    await cloud.settled(id, 'ACTIVE');
    ids.push(id);
  }
  const [gone = '', active = ''] = ids;
  ledger.servers.get(gone)!.mayBeGone = true;
  await cloud.send('compute', 'DELETE', `/servers/${gone}`);
  await cloud.gone(gone);
  ledger.servers.get(gone)!.isDeleted = true;
  const headers = { 'x-openstack-request-id': 'req-0e7a1c52-4f0b-4f0e-9d3c-0c9d8c1c2b3a' };
  const body = { 'os-stop': null };
  const path = `/servers/${active}/action`;
  const stopped = await cloud.send('compute', 'POST', path, { body, headers });
  const requestId = stopped.headers.get('x-openstack-request-id') ?? '';
  ledger.actions.push({ serverId: active, requestId, action: 'stop' });
  await cloud.settled(active, 'SHUTOFF');
  await running.stop();
}, 60_000);
afterAll(() => state.remove());

const violationsOf = (snapshot: Snapshot): string[] => [
  ...alwaysViolations(snapshot),
  ...restViolations(snapshot),
  ...keptViolations(snapshot, ledger),
  ...doneViolations(snapshot, ledger, new Map()),
];

function read(file: string): Snapshot {
  return readSnapshot(file, new Map(hosts.map((host) => [host, guestFolder(host)])));
}

test('a cloud at rest has no violation', () => {
  expect(violationsOf(read(database))).toEqual([]);
});

const held = "instance_uuid is not null and status = 'allocated'";
const firstHeld = `id = (select min(id) from pci_devices where ${held})`;
const aFreeVf = "id = (select min(id) from pci_devices where status = 'available')";
const aLive = '(select min(uuid) from instances where deleted_at is null)';
const active = "(select min(uuid) from instances where deleted_at is null and vm_state = 'active')";
const aDeleted = '(select min(uuid) from instances where deleted_at is not null)';

/** A move of the active server to the other host. */
const aMove = (status: string, { leftOn = 'null', after = '[]' } = {}) => `
  insert into migrations (uuid, instance_uuid, project_id, user_id, migration_type, status,
    source_id, source_compute, dest_id, dest_compute, left_on, context, created_at, updated_at)
  select 'move-' || (select count(*) from migrations), uuid, project_id, user_id, 'resize',
    '${status}', compute_node_id, host, ${other}, 'other', ${leftOn},
    json_object('flavors', json_object('before', json(flavor), 'after', json(flavor)),
      'requests', json_object('before', json('[]'), 'after', json('${after}'))), 1, 1
  from instances where uuid = ${active};`;
const other = `(select uuid from compute_nodes where uuid <>
  (select compute_node_id from instances where uuid = ${active}))`;

test.each([
  {
    what: 'a move that is open without a task',
    sql: aMove('migrating'),
    finds: /move move-0 \(resize\) of server \S+: migrating, no task/,
  },
  {
    what: 'a server with two open moves',
    sql: aMove('finished') + aMove('finished'),
    finds: /move move-1 .*: open beside another move/,
  },
  {
    what: 'an open move of a deleted server',
    sql: `${aMove('finished')} update migrations set instance_uuid = ${aDeleted}`,
    finds: /open, its server is deleted or unknown/,
  },
  {
    what: 'an open move of a server that waits for nothing',
    sql: aMove('finished'),
    finds: /open, but its server is active/,
  },
  {
    what: 'a server that waits for the confirmation of no move',
    sql: `update instances set vm_state = 'resized' where uuid = ${active}`,
    finds: /waits for a confirmation, but has no open move/,
  },
  {
    what: 'a reservation of a move that has ended',
    sql: `${aMove('reverted', { after: '[{"requestId":"r","count":1}]' })}
      update pci_devices set status = 'claimed', instance_uuid = ${active}, request_id = 'r'
      where id = (select min(id) from pci_devices
        where status = 'available' and compute_node_id = ${other})`,
    finds: /held by server \S+, which is on /,
  },
  {
    what: 'what a reservation of an open move has not booked',
    sql: aMove('migrating'),
    finds: /vcpus used is \d+, its servers: \d+/,
  },
  {
    what: 'a guest that a move has left on a host',
    sql: aMove('done', { leftOn: other }),
    finds: /something is left on host/,
  },
  {
    what: 'a port with a second binding',
    sql: `insert into port_bindings select id, 'host-9', vnic_type, '{}', 'hw_veb', '{}'
      from ports where device_id = ${active}`,
    finds: /port \S+: bound a second time, on host-9/,
  },
  {
    what: 'a shelved server without its image',
    sql: `update instances set vm_state = 'shelved_offloaded', shelved_image = 'gone'
      where uuid = ${active}`,
    finds: /shelved, but its image gone is not there/,
  },
  {
    what: 'a shelved server that is on a host',
    sql: `update instances set vm_state = 'shelved_offloaded' where uuid = ${active}`,
    finds: /offloaded, but on host-\d/,
  },
  {
    what: 'a VF of a deleted server',
    sql: `update pci_devices set instance_uuid = ${aDeleted} where ${firstHeld}`,
    finds: /held by server \S+, which is deleted or unknown/,
  },
  {
    what: 'a VF held on another host than its server’s',
    sql: `update instances set compute_node_id = (select uuid from compute_nodes
      where uuid <> compute_node_id) where uuid = ${active}`,
    finds: /device .*: held by server \S+, which is on /,
  },
  {
    what: 'a second VF for the same request',
    sql: `update pci_devices set status = 'allocated',
      instance_uuid = (select instance_uuid from pci_devices where ${firstHeld}),
      request_id = (select request_id from pci_devices where ${firstHeld}) where ${aFreeVf}`,
    finds: /request .*: holds 2 of 1 devices/,
  },
  {
    what: 'a VF held for no request of its server',
    sql: `update pci_devices set request_id = 'other' where ${firstHeld}`,
    finds: /held for request other, which server \S+ lacks/,
  },
  {
    what: 'a VF that was freed while its server has it',
    sql: `update pci_devices set status = 'available', instance_uuid = null, request_id = null
      where ${firstHeld}`,
    finds: /has device \S+, which its server does not hold/,
  },
  {
    what: 'a VF that is held, but not in its guest',
    sql: `update pci_devices set address = '0000:99:00.1' where ${firstHeld}`,
    finds: /held by server \S+: not in its guest/,
  },
  {
    what: 'a claimed VF of a running guest',
    sql: `update pci_devices set status = 'claimed' where ${firstHeld}`,
    finds: /rests claimed/,
  },
  {
    what: 'pools that count one device too many',
    sql: `update compute_nodes set pci_stats = json_set(pci_stats, '$[1].count', 99)`,
    finds: /pci_stats counts 99 of \d/,
  },
  {
    what: 'a processor too many in use',
    sql: 'update compute_nodes set vcpus_used = vcpus_used + 1',
    finds: /vcpus used is \d+, its servers: \d+/,
  },
  {
    what: 'memory that was not released',
    sql: 'update compute_nodes set memory_mb_used = memory_mb_used + 512',
    finds: /memoryMib used is/,
  },
  {
    what: 'disk that was released twice',
    sql: 'update compute_nodes set local_gb_used = local_gb_used - 1',
    finds: /diskGib used is/,
  },
  {
    what: 'a NUMA share of a deleted server',
    sql: `update compute_nodes set numa_topology = json_object('nodes', json('[]'), 'claims',
      json_array(json_object('serverId', ${aDeleted})))`,
    finds: /NUMA share of server/,
  },
  {
    what: 'a server in transition without a task',
    sql: `update instances set task_state = 'spawning' where uuid = ${active}`,
    finds: /spawning without a task/,
  },
  {
    what: 'a server that was never booted',
    sql: `update instances set vm_state = 'building' where uuid = ${active}`,
    finds: /building without a task/,
  },
  {
    what: 'a deleted server whose boot continues',
    sql: `update tasks set step = 'bind-ports' where instance_uuid = ${aDeleted}`,
    finds: /deleted, but its task is at bind-ports/,
  },
  {
    what: 'a server in ERROR without a reason',
    sql: `update instances set vm_state = 'error' where uuid = ${active}`,
    finds: /in ERROR without a reason/,
  },
  {
    what: 'a server that is active, and its guest is not',
    sql: `update instances set vm_state = 'active' where vm_state = 'stopped'`,
    finds: /active, but its guest on host-\d is shutOff/,
  },
  {
    what: 'a lease that nobody returned',
    sql: `update tasks set leased_by = 'up-1', leased_until = 1 where instance_uuid = ${active}`,
    finds: /leased by up-1/,
  },
  {
    what: 'a task that is stuck',
    sql: `update tasks set step = 'guest-started' where instance_uuid = ${active}`,
    finds: /still at guest-started/,
  },
  {
    what: 'a command without a result',
    sql: 'update host_commands set succeeded = null where id = (select min(id) from host_commands)',
    finds: /command \d+ \(spawn\) of host \S+: no result/,
  },
  {
    what: 'an action without an outcome',
    sql: `update instance_actions set outcome = null where instance_uuid = ${active}`,
    finds: /action create of server \S+: no outcome/,
  },
  {
    what: 'a port that is bound for a deleted server',
    sql: `update ports set device_id = ${aDeleted} where device_id = ''`,
    finds: /of server \S+, which is deleted or unknown/,
  },
  {
    what: 'a free port that is still bound',
    sql: `update ports set binding_host = 'host-1' where device_id = ''`,
    finds: /free, but bound to host-1/,
  },
  {
    what: 'a port that was created for a server, and left',
    sql: `update ports set name = '' where device_id = ''`,
    finds: /created for a server, and left/,
  },
  {
    what: 'a port bound to a slot that its server does not hold',
    sql: `update ports set profile = json_set(profile, '$.pci_slot', '0000:99:00.1')
      where device_id = ${active}`,
    finds: /bound to slot 0000:99:00.1, holds /,
  },
  {
    what: 'a port bound to another host',
    sql: `update ports set binding_host = 'host-9' where device_id = ${active}`,
    finds: /bound to host-9, its server is on host-\d/,
  },
  {
    what: 'a NIC without its port',
    sql: `update instance_nics set port_id = 'gone' where instance_uuid = ${active} and live = 1`,
    finds: /port gone of server \S+: does not exist/,
  },
  {
    what: 'a NIC of a deleted server that still has its port',
    sql: `update instance_nics set live = 1 where instance_uuid = ${aDeleted}`,
    finds: /live, its server \S+ is not/,
  },
  {
    what: 'an accepted server that is gone',
    sql: `update instances set deleted_at = 1 where uuid = ${aLive}`,
    finds: /lost: server \S+ was accepted/,
  },
  {
    what: 'an accepted action that is gone',
    sql: `delete from instance_actions where action = 'stop'`,
    finds: /lost: stop of server \S+ was accepted as req-/,
  },
  {
    what: 'a port that is gone',
    sql: `delete from ports where device_id = ''`,
    finds: /lost: port \S+ was created/,
  },
  {
    what: 'an accepted deletion that did not happen',
    sql: `update instances set deleted_at = null where uuid = ${aDeleted}`,
    finds: /its deletion was accepted, and it is there/,
  },
])('$what is found', ({ sql, finds }) => {
  const file = join(state.path, 'planted.sqlite');
  copyFileSync(database, file);
  const db = new DatabaseSync(file);
  // A broken product would have to bypass these as well.
  for (const row of db.prepare("select name from sqlite_master where type = 'trigger'").all()) {
    db.exec(`drop trigger ${String(row['name'])}`);
  }
  db.exec('pragma foreign_keys = off');
  db.exec(sql);
  db.close();
  expect(violationsOf(read(file)).join('\n')).toMatch(finds);
  rmSync(file);
});

test('a torn page is found', () => {
  const file = join(state.path, 'torn.sqlite');
  const bytes = readFileSync(database);
  bytes.fill(0xff, 4_096 * 8, 4_096 * 8 + 512);
  writeFileSync(file, bytes);
  let found: string[];
  try {
    found = read(file).damage;
  } catch (error) {
    found = [String(error)];
  }
  expect(found).not.toEqual([]);
});

test('a guest that runs on two hosts, with the VF of another guest, is found', () => {
  const snapshot = read(database);
  const guests = snapshot.guests.filter((guest) => guest.state === 'running');
  const [one] = guests;
  const elsewhere = { ...one!, host: hosts.find((host) => host !== one!.host)! };
  const thief = { ...one!, id: 'thief' };
  const found = violationsOf({ ...snapshot, guests: [...guests, elsewhere, thief] });
  expect(found.join('\n')).toMatch(/guest \S+: runs on host-\d and host-\d/);
  expect(found.join('\n')).toMatch(/device host-\d \S+: in guests \S+ and thief/);
  expect(found.join('\n')).toMatch(/guest thief on host-\d: its server is deleted or unknown/);
});

test('a guest that is off, and left on another host, is found', () => {
  const snapshot = read(database);
  const [one] = snapshot.guests.filter((guest) => guest.state === 'running');
  const host = hosts.find((name) => name !== one!.host)!;
  const left = { ...one!, host, state: 'shutOff' };
  const found = violationsOf({ ...snapshot, guests: [...snapshot.guests, left] });
  expect(found.join('\n')).toMatch(/guest \S+ on host-\d: its server is on host-\d/);
});

test('a guest that a host lost is found', () => {
  const snapshot = read(database);
  const found = violationsOf({ ...snapshot, guests: [] });
  expect(found.join('\n')).toMatch(/active, but its guest on host-\d is absent/);
});

test('a reboot that was executed more often than requested is found', () => {
  const snapshot = read(database);
  const [server] = [...ledger.servers.values()];
  server!.reboots = 1;
  expect(doneViolations(snapshot, ledger, new Map([[server!.id, 1]]))).toEqual([]);
  expect(doneViolations(snapshot, ledger, new Map([[server!.id, 2]]))).toEqual([
    `guest ${server!.id}: rebooted 2 times, requested 1 times`,
  ]);
});

test('an attached NIC that is gone is found', () => {
  const snapshot = read(database);
  const serverId = [...ledger.servers.values()].find(({ mayBeGone }) => !mayBeGone)!.id;
  const nic = { serverId, portId: 'attached', mayBeGone: false };
  const withNic = Object.assign(new Ledger(), { servers: ledger.servers, nics: [nic] });
  expect(keptViolations(snapshot, withNic)).toEqual([
    `lost: port attached was attached to server ${serverId}`,
  ]);
  nic.mayBeGone = true;
  expect(keptViolations(snapshot, withNic)).toEqual([]);
});

test('the guests of a host are read from its files', () => {
  expect(read(database).guests).toHaveLength(2);
});
