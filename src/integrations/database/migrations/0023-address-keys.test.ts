import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NetworkStore } from '#contracts/store/network-store.ts';
import { migrate } from '../migrate.ts';
import { createNetworkStore } from '../services/network-store.ts';
import { openSqlite } from '../sqlite/sqlite.ts';

let db: Kysely<unknown>;
let store: NetworkStore;
beforeEach(() => {
  db = openSqlite<unknown>(':memory:');
  store = createNetworkStore(db);
});
afterEach(() => db.destroy());

const pool = { start: '10.0.0.2', end: '10.0.0.254' };
const pool6 = { start: 'fd00::2', end: 'fd00::ff' };
const free = (range = pool) => store.atomic((rows) => rows.freeAddress('s1', [range]));

/** A port, by its address in subnet s1; without: none. */
async function addPort(id: string, ipAddress?: string): Promise<void> {
  const kept = { projectId: 'p', name: '', description: '', tags: [] };
  await store.addPort({
    ...kept,
    ...{ id, networkId: 'n1', macAddress: id, revision: 1, createdAt: 1, updatedAt: 1 },
    ...{ adminStateUp: true, status: 'DOWN', deviceId: '', deviceOwner: '' },
    fixedIps: ipAddress === undefined ? [] : [{ subnetId: 's1', ipAddress }],
    ...{ securityGroupIds: [], portSecurityEnabled: true, vnicType: 'normal' },
    ...{ numaAffinityPolicy: null, bindingHost: '', profile: {}, vifType: 'unbound' },
    vifDetails: {},
  });
}

/** As a version before 0022 wrote it. */
async function addOldPort(id: string, ipAddress: string): Promise<void> {
  await addPort(id);
  await sql`insert into port_addresses (port_id, subnet_id, ip_address, position)
    values (${id}, 's1', ${ipAddress}, 0)`.execute(db);
}

async function before(migration: string): Promise<void> {
  await migrate(db, migration);
  const kept = { projectId: 'p', name: '', description: '', tags: [], revision: 1 };
  await store.addNetwork({
    ...kept,
    ...{ id: 'n1', createdAt: 1, updatedAt: 1, adminStateUp: true, shared: false, mtu: 1500 },
    ...{ external: false, portSecurityEnabled: true, networkType: 'flat' },
    ...{ physicalNetwork: 'physnet1', segmentationId: null },
  });
  await store.addSubnet({
    ...kept,
    ...{ id: 's1', networkId: 'n1', createdAt: 1, updatedAt: 1, ipVersion: 4 },
    ...{ cidr: '10.0.0.0/24', gatewayIp: null, allocationPools: [pool], dnsNameservers: [] },
    ...{ hostRoutes: [], enableDhcp: false },
  });
}

test('beside a port of an older version, an address is free once that port is deleted', async () => {
  await before('0021-pruning');
  await addOldPort('old', '10.0.0.3');
  await migrate(db);
  await addPort('new', '10.0.0.2');
  expect(await free()).toBe('10.0.0.4');
  await store.removePort('old');
  expect(await free()).toBe('10.0.0.3');
});

test('rows of an older version have keys after the upgrade, in any number', async () => {
  await before('0021-pruning');
  await addPort('old');
  const numbers = JSON.stringify(Array.from({ length: 2_500 }, (_, at) => at + 2));
  await sql`insert into port_addresses (port_id, subnet_id, ip_address, position)
    select 'old', 's1', '10.0.' || (value / 256) || '.' || (value % 256), value
    from json_each(${numbers})`.execute(db);
  await migrate(db);
  const { rows } = await sql`select count(*) as number, count(address_key) as keyed,
    count(distinct address_key) as keys, sum(ends_run) as ends from port_addresses`.execute(db);
  expect(rows).toEqual([{ number: 2_500, keyed: 2_500, keys: 2_500, ends: 1 }]);
  expect(await free()).toBeUndefined();
  expect(await free({ start: pool.start, end: '10.0.255.254' })).toBe('10.0.9.198');
});

test('marks that 0022 left wrong are right after the upgrade, and stay so', async () => {
  await before('0022-free-addresses');
  await addPort('new', '10.0.0.2');
  await sql`update port_addresses set ends_run = 0`.execute(db);
  await sql`create trigger port_addresses_removed after delete on port_addresses
    begin select raise(abort, 'the former trigger'); end`.execute(db);
  expect(await free()).toBeUndefined();
  expect(await migrate(db, '0023-address-keys')).toEqual(['0023-address-keys']);
  expect(await free()).toBe('10.0.0.3');
  await addPort('next', '10.0.0.3');
  expect(await free()).toBe('10.0.0.4');
  await store.removePort('next');
  expect(await free()).toBe('10.0.0.3');
});

test('addresses that cannot be read do not stop the upgrade, nor are others given twice', async () => {
  await before('0021-pruning');
  const texts = ['', 'nonsense', '10.0.0.300', '10.0.0.2', 'FD00::2', 'fd00::2', 'fd00:0::3'];
  for (const text of texts) await addOldPort(`port ${text}`, text);
  await sql`update port_addresses set ip_address = x'ff00' where ip_address = ''`.execute(db);
  await migrate(db);
  expect(await free()).toBe('10.0.0.3');
  expect(await free(pool6)).toBe('fd00::3');
  await store.removePort('port nonsense');
  await store.removePort('port 10.0.0.2');
  expect(await free()).toBe('10.0.0.2');
});

test('a row without a key, written by another program, is not given again, nor hides one', async () => {
  await before('0023-address-keys');
  await addOldPort('foreign', '10.0.0.3');
  await addPort('new', '10.0.0.2');
  expect(await free()).toBe('10.0.0.4');
  await store.removePort('foreign');
  expect(await free()).toBe('10.0.0.3');
});
