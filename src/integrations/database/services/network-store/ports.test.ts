/** What a long list of ports reads. */
import { type KyselyPlugin, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type {
  NetworkStore,
  StoredNetwork,
  StoredPort,
  StoredSubnet,
} from '#contracts/store/network-store.ts';
import { createNetworkStore } from '../network-store.ts';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { migratedSqlite } from '#test/migrated-database.ts';

const kept = { projectId: 'p', name: '', description: '', revision: 1, createdAt: 1, updatedAt: 1 };
const network: StoredNetwork = {
  ...kept,
  id: 'net',
  tags: [],
  adminStateUp: true,
  shared: false,
  external: false,
  portSecurityEnabled: true,
  mtu: 1500,
  networkType: 'flat',
  physicalNetwork: 'physnet1',
  segmentationId: null,
};
const subnet: StoredSubnet = {
  ...kept,
  id: 'sub',
  tags: [],
  networkId: 'net',
  ipVersion: 4,
  cidr: '10.0.0.0/16',
  gatewayIp: null,
  allocationPools: [],
  dnsNameservers: [],
  hostRoutes: [],
  enableDhcp: false,
};
const idOf = (number: number) => `port${String(number).padStart(4, '0')}`;
const port = (number: number): StoredPort => ({
  ...kept,
  id: idOf(number),
  tags: [],
  networkId: 'net',
  macAddress: `fa:16:3e:00:${number}`,
  adminStateUp: true,
  status: 'DOWN',
  deviceId: '',
  deviceOwner: '',
  fixedIps: [
    { subnetId: 'sub', ipAddress: `10.0.1.${number}` },
    { subnetId: 'sub', ipAddress: `10.0.0.${number}` },
  ],
  securityGroupIds: [],
  portSecurityEnabled: true,
  vnicType: 'normal',
  numaAffinityPolicy: null,
  bindingHost: '',
  profile: {},
  vifType: 'unbound',
  vifDetails: {},
});

/** Ids of the ports whose addresses were read, one for each row. */
let read: string[];
const watching: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    for (const row of result.rows)
      if (typeof row['port_id'] === 'string') read.push(row['port_id']);
    return result;
  },
};

let store: NetworkStore;
let close: () => Promise<void>;
let damage: (id: string) => Promise<unknown>;
beforeEach(async () => {
  const db = await migratedSqlite<unknown>(':memory:');
  damage = (id) => sql`update ports set profile = '{"a' where id = ${id}`.execute(db);
  close = () => db.destroy();
  store = createNetworkStore(db.withPlugin(watching));
  await store.atomic(async (rows) => {
    await rows.addNetwork(network);
    await rows.addSubnet(subnet);
    for (let number = 0; number < 1_203; number += 1) await rows.addPort(port(number));
  });
  read = [];
});
afterEach(() => close());

test.each([1, 100, 101, 500, 501, 1_200])(
  'for %i requested ports only their own addresses are read, in order',
  async (number) => {
    const ids = Array.from({ length: number }, (_, at) => idOf(at));
    const ports = await store.ports({ ids });
    expect(ports.map(({ id }) => id)).toEqual(ids);
    expect(ports.every(({ fixedIps }) => fixedIps[0]?.ipAddress.startsWith('10.0.1.'))).toBe(true);
    expect(read.toSorted()).toEqual(ids.flatMap((id) => [id, id]));
  },
);

test('a page reads the ports on it and their addresses', async () => {
  const page = { after: idOf(99), limit: 20 };
  const statements = await countedStatements(async () => {
    const ports = await store.portPage({ projectId: 'p' }, page);
    expect(ports?.map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, at) => idOf(100 + at)),
    );
  });
  expect(statements.map(({ rows }) => rows)).toEqual([1, 20, 40]);
});

test('damaged ports make no page shorter', async () => {
  await damage(idOf(1));
  await damage(idOf(2));
  const page = await store.portPage({}, { limit: 3 });
  expect(page?.map(({ id }) => id)).toEqual([0, 3, 4].map(idOf));
});

test('for no ports no addresses are read', async () => {
  expect(await store.ports({ ids: [] })).toEqual([]);
  expect(await store.ports({ projectId: 'other' })).toEqual([]);
  expect(read).toEqual([]);
});
