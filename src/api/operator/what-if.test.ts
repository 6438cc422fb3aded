/** What-if over the API: the engine of every boot, on a copy of the hosts. */
import { sql } from 'kysely';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';
import { parseAliases } from '#core/pci/requests/alias.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { statementCounts } from '#test/databases/statement-counts.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  flavorId,
  imageId,
  networkId,
} from '#test/worlds/compute-world.ts';
import { aHost, aPf, aVf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
let hostIds: string[];
const vfs = (count: number) =>
  Array.from({ length: count }, (_, at) => aVf(`0000:81:10.${at}`, { ifname: `ens1f0v${at}` }));

/** With the pools of these devices; it has just reported. */
async function addHost(name: string, devices: PciDevice[]): Promise<string> {
  const { hosts } = world.store;
  const hostId = await aHost(world.store, devices, name);
  const { generation } = (await hosts.get(hostId))!;
  await hosts.update({ hostId, generation, pciStats: poolsOf(devices) });
  await hosts.seen(hostId, world.time.now);
  return hostId;
}

beforeEach(async () => {
  world = await aComputeWorld();
  hostIds = [
    await addHost('host-1', [aPf(), ...vfs(3)]),
    await addHost('host-2', [aPf(), ...vfs(2)]),
    await addHost('host-3', []),
  ];
});
afterEach(() => {
  vi.restoreAllMocks();
  return world.stop();
});

const ask = (body: unknown, as = 'admin') =>
  world.ask('POST /novella/v1/what-if', { body, version: '', as });
const tiny = { vcpus: 1, memory_mb: 64, disk_gb: 0 };
const direct = { vnic_type: 'direct', physical_network: 'physnet1' };

/** Every row of every table. */
async function allRows(): Promise<Record<string, unknown[]>> {
  const { rows } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' order by name`.execute(world.db);
  const tables: Record<string, unknown[]> = {};
  for (const { name } of rows) {
    tables[name] = (await sql`select * from ${sql.table(name)}`.execute(world.db)).rows;
  }
  return tables;
}

test('one server: the decision with host, devices and the reason of every other host', async () => {
  const { status, body } = await ask({ flavor: tiny, nics: [direct] });
  expect(status).toBe(200);
  const [{ request_id: request }] = body.pci_requests;
  expect(body).toMatchObject({
    fits: 1,
    ended_by: 'count',
    decision: {
      chosen: 'host-2',
      candidates: [{ host: 'host-2' }, { host: 'host-1' }],
      rejections: [{ host: 'host-3', filter: 'pci', reasons: [{ code: 'pci-exhausted' }] }],
      devices: [{ request_id: request, address: '0000:81:10.0', pool: '0000:81:00.0' }],
    },
    pci_requests: [{ requester_id: 'nics[0]', count: 1, alias_name: null }],
    hosts: [
      { host: 'host-1', servers: 0, refusal: null },
      { host: 'host-2', servers: 1, refusal: null },
      {
        host: 'host-3',
        servers: 0,
        refusal: {
          filter: 'pci',
          code: 'pci-exhausted',
          message: 'physnet1: 0 of 1 VF free',
        },
      },
    ],
  });
});

test('how many more: until no host takes another, with what stops each of them', async () => {
  const { body } = await ask({ flavor: tiny, nics: [direct], count: 'max' });
  expect(body).toMatchObject({ fits: 5, ended_by: 'capacity', decision: { chosen: 'host-2' } });
  const refusal = { filter: 'pci', code: 'pci-exhausted', message: 'physnet1: 0 of 1 VF free' };
  expect(body.hosts).toEqual([
    { host: 'host-1', servers: 3, refusal },
    { host: 'host-2', servers: 2, refusal },
    { host: 'host-3', servers: 0, refusal },
  ]);
  const large = { ...tiny, memory_mb: 10_000 };
  const byMemory = await ask({ flavor: large, nics: [direct], count: 'max' });
  expect(byMemory.body).toMatchObject({
    fits: 2,
    hosts: [
      { servers: 1, refusal: { filter: 'resources' } },
      { servers: 1, refusal: { filter: 'resources' } },
      { servers: 0, refusal: { filter: 'pci' } },
    ],
  });
});

test('nothing fits: every host has its reason', async () => {
  const { body } = await ask({ flavor: tiny, nics: [direct, direct, direct, direct], count: 3 });
  expect(body).toMatchObject({ fits: 0, ended_by: 'capacity', decision: { chosen: null } });
  expect(body.decision.rejections).toMatchObject([
    { host: 'host-1', reasons: [{ message: 'physnet1: 3 of 4 VFs free' }] },
    { host: 'host-2', reasons: [{ message: 'physnet1: 2 of 4 VFs free' }] },
    { host: 'host-3', reasons: [{ message: 'physnet1: 0 of 4 VFs free' }] },
  ]);
});

test('nothing is stored: no row of any table changes, and no statement writes', async () => {
  const before = await allRows();
  expect(before['pci_devices']).toHaveLength(7);
  const counts = await statementCounts(async () => {
    const { body } = await ask({ flavor: { id: flavorId }, nics: [direct], count: 'max' });
    expect(body.fits).toBeGreaterThan(0);
  });
  expect([...counts.keys()]).toEqual(['select']);
  expect(await allRows()).toEqual(before);
  const again = await ask({ flavor: { id: flavorId }, nics: [direct], count: 'max' });
  expect(again.body.fits).toBeGreaterThan(0);
});

test('a fleet of more hosts than a decision explains has a reason for every host when none is left', async () => {
  for (let at = 4; at <= 210; at += 1) await addHost(`host-${at}`, []);
  const { body } = await ask({ flavor: tiny, nics: [{ ...direct, physical_network: 'x' }] });
  expect(body.decision.rejections).toHaveLength(210);
  const placed = await ask({ flavor: tiny, nics: [direct], host: 'host-1', count: 4 });
  expect(placed.body).toMatchObject({ fits: 3, ended_by: 'capacity' });
});

test('aliases, specs, image properties, zone, hosts and groups count as in a boot', async () => {
  const alias = { name: 'vf', vendor_id: '8086', product_id: '10ca', device_type: 'type-VF' };
  world.context.settings.aliases = parseAliases([{ text: JSON.stringify(alias), source: 't' }]);
  const fits = async (change: object) =>
    (await ask({ flavor: tiny, count: 'max', ...change })).body.fits;
  expect(await fits({ devices: [{ alias: 'vf', count: 2 }] })).toBe(2);
  const flavor = { ...tiny, extra_specs: { 'pci_passthrough:alias': 'vf:3' } };
  expect(await fits({ flavor })).toBe(1);
  const spec = [{ vendor_id: '8086', product_id: '10ca' }];
  expect(await fits({ devices: [{ spec }] })).toBe(5);
  expect(await fits({ nics: [{ vnic_type: 'direct', network_id: networkId }] })).toBe(5);
  expect(await fits({ nics: [direct], host: 'host-2', availability_zone: 'nova' })).toBe(2);
  const policies = { name: 'g', policy: 'anti-affinity' };
  const group = (
    await world.ask('POST /v2.1/os-server-groups', { body: { server_group: policies } })
  ).body.server_group.id;
  expect(await fits({ nics: [direct], scheduler_hints: { group } })).toBe(2);
  const { id } = await world.server({ hostId: hostIds[0]!, hostName: 'host-1' });
  expect(await fits({ nics: [direct], scheduler_hints: { different_host: id } })).toBe(2);
  expect(await fits({ nics: [direct], scheduler_hints: { same_host: [id] } })).toBe(3);
  // The host has no NUMA nodes, which a guest with a topology needs.
  expect(await fits({ nics: [direct], image_properties: { hw_numa_nodes: '1' } })).toBe(0);
  expect(await fits({ nics: [direct], image_id: imageId })).toBe(5);
});

test('a question for very many servers lets other requests run in between', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
  let turns = 0;
  let next = setImmediate(function count() {
    turns += 1;
    next = setImmediate(count);
  });
  const { body } = await ask({ flavor: tiny, nics: [direct], count: 'max' });
  clearImmediate(next);
  expect(body.fits).toBe(5);
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('it ends at its bound of processor time and reports that', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_300));
  const { body } = await ask({ flavor: tiny, nics: [direct], count: 'max' });
  expect(body).toMatchObject({ fits: 1, ended_by: 'time' });
});

test('it ends at its bound of servers and reports that', async () => {
  const hostId = await addHost('large', []);
  const { generation, facts } = (await world.store.hosts.get(hostId))!;
  const large = { ...facts, vcpus: 1_000_000, memoryMib: 1_000_000 };
  await world.store.hosts.update({ hostId, generation, facts: large });
  const { body } = await ask({ flavor: tiny, host: 'large', count: 'max' });
  expect(body).toMatchObject({ fits: 10_000, ended_by: 'most' });
});

const uuid = '00000000-0000-4000-8000-000000000000';

test.each([
  [{}, "'flavor' is a required property"],
  [{ flavor: {} }, 'flavor: must have id, or vcpus, memory_mb and disk_gb'],
  [{ flavor: { vcpus: 1 } }, 'flavor: must have id, or vcpus, memory_mb and disk_gb'],
  [{ flavor: { id: '1', vcpus: 1 } }, 'flavor: id "1" names a flavor, whose own size counts'],
  [{ flavor: { id: 'x' } }, 'Flavor x could not be found.'],
  [{ flavor: { ...tiny, vcpus: 0 } }, 'field/attribute flavor.vcpus. Value: 0.'],
  [{ flavor: tiny, count: 0 }, 'field/attribute count. Value: 0.'],
  [{ flavor: tiny, count: 10_001 }, 'field/attribute count. Value: 10001.'],
  [{ flavor: tiny, count: 'all' }, 'count. Value: "all". must be integer'],
  [{ flavor: tiny, nics: [{ vnic_type: 'x' }] }, 'nics.0.vnic_type. Value: "x". must be one of'],
  [{ flavor: tiny, nics: [{ vnic_type: 'smart-nic' }] }, 'nics[0].vnic_type: smart-nic, which is'],
  [{ flavor: tiny, nics: [{ vnic_type: 'direct' }] }, 'nics[0]: a direct NIC takes a device'],
  [{ flavor: tiny, nics: [{ ...direct, network_id: networkId }] }, 'leave out physical_network'],
  [{ flavor: tiny, nics: [{ network_id: uuid }] }, `nics[0].network_id: Network ${uuid} could not`],
  [{ flavor: tiny, devices: [{ alias: 'x' }] }, 'devices[0].alias: "x" is not defined'],
  [{ flavor: tiny, devices: [{}] }, 'devices[0]: must have either alias or spec'],
  [{ flavor: tiny, availability_zone: 'z' }, "no host is in 'z'"],
  [{ flavor: tiny, host: 'h9' }, 'Compute host h9 could not be found.'],
  [{ flavor: tiny, image_id: uuid }, `Image ${uuid} could not be found.`],
  [{ flavor: tiny, image_properties: { hw_numa_nodes: 'x' } }, 'hw:numa_nodes "x": must be'],
  [
    { flavor: tiny, image_properties: { hw_pci_numa_affinity_policy: 'x' } },
    'hw:pci_numa_affinity_policy "x": must be one of required',
  ],
  [
    { flavor: tiny, scheduler_hints: { group: uuid } },
    `scheduler_hints.group: Server group ${uuid}`,
  ],
  [
    { flavor: tiny, scheduler_hints: { same_host: uuid } },
    `scheduler_hints.same_host: Server ${uuid} could not be found.`,
  ],
  [{ flavor: tiny, dry_run: true }, "'dry_run' was unexpected"],
])('%j is refused: %s', async (body, expected) => {
  const answer = await ask(body);
  expect([answer.status, faultOf(answer).message]).toEqual([
    400,
    expect.stringContaining(expected),
  ]);
});

test.each(['member', 'reader', 'service'])('a %s may not ask', async (as) => {
  expect((await ask({ flavor: tiny }, as)).status).toBe(403);
});
