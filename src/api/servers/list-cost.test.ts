/** What a page of a list reads: neither its other servers nor deleted ones, and no row twice. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { aComputeWorld, aPort, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, aNic } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
  const hosts: string[] = [];
  for (const name of ['host-1', 'host-2', 'host-3']) hosts.push(await aHost(world.store, [], name));
  for (let at = 0; at < live; at += 1) {
    const portId = `port-${at}`;
    world.ports.set(portId, aPort(portId));
    const hostId = hosts[at % hosts.length] ?? '';
    await world.server({ hostId, hostName: 'h', vmState: 'active', nics: [aNic({ portId })] });
  }
});
afterEach(() => world.stop());

const live = 30;
const limit = 5;

async function costOf(path: string, version = '2.96') {
  const statements = await countedStatements(async () => {
    const { status } = await world.ask(`GET ${path}`, { version });
    expect(status).toBe(200);
  });
  const rows = statements.reduce((total, statement) => total + statement.rows, 0);
  return { statements: statements.length, rows };
}

const lists = [
  { path: `/v2.1/servers?limit=${limit}`, statements: 1, rows: limit },
  // The servers, their NICs, their hosts.
  { path: `/v2.1/servers/detail?limit=${limit}`, statements: 3, rows: 2 * limit + 3 },
  // Also their ids.
  {
    path: `/v2.1/servers/detail?limit=${limit}&all_tenants=1&status=ACTIVE`,
    statements: 4,
    rows: 3 * limit + 3,
  },
  { path: '/v2.1/os-hypervisors/detail?limit=2', statements: 1, rows: 2 },
  { path: '/v2.1/os-services', statements: 1, rows: 3 },
  { path: '/v2.1/os-availability-zone/detail', statements: 1, rows: 3 },
];

test.each(lists)('$path reads $rows rows in $statements statements', async ({ path, ...cost }) => {
  expect(await costOf(path)).toEqual(cost);
});

test.each([
  // The server, its NIC, its host, and the group that it is in.
  { version: '2.71', statements: 4, rows: 3 },
  { version: '2.70', statements: 3, rows: 3 },
])(
  'one server reads $rows rows in $statements statements in $version',
  async ({ version, ...cost }) => {
    const [first] = await world.store.servers.select({ deleted: 'none', limit: 1 });
    expect(await costOf(`/v2.1/servers/${first?.id}`, version)).toEqual(cost);
  },
);

test('deleted servers add nothing to the cost of a list', async () => {
  for (let at = 0; at < live; at += 1) {
    await world.server({ vmState: 'deleted', deletedAt: 5, nics: [aNic({ portId: null })] });
  }
  for (const { path, ...cost } of lists) expect(await costOf(path)).toEqual(cost);
});

test('all servers in detail cost a fixed number of statements', async () => {
  const cost = { statements: 3, rows: 2 * live + 3 };
  expect(await costOf('/v2.1/servers/detail')).toEqual(cost);
});
