/** The operator's routes: hosts, devices, pools, explain. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostChange } from '#contracts/store/store.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import { aComputeWorld, bootBody, type ComputeWorld, portId } from '#test/worlds/compute-world.ts';
import { aHost, aPf, aVf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
let hostId: string;
beforeEach(async () => {
  world = await aComputeWorld();
  hostId = await aHost(world.store, [aPf(), aVf('0000:81:10.0')], 'host-1');
  await aHost(world.store, [aVf('0000:81:10.0', { tags: {} })], 'host-2');
});
afterEach(() => world.stop());

const pool = (change: Partial<PciDevicePool>): PciDevicePool => ({
  vendorId: '8086',
  productId: '10ca',
  numaNode: 0,
  deviceType: 'type-VF',
  address: '0000:81:00.0',
  parentIfname: 'ens1f0',
  tags: { physical_network: 'physnet1' },
  count: 7,
  ...change,
});

test('devices are listed with their holders', async () => {
  const { body } = await world.ask('GET /novella/v1/pci/devices?host=host-1', { version: '' });
  expect(body.devices).toHaveLength(2);
  expect(body.devices).toContainEqual({
    host: 'host-1',
    address: '0000:81:10.0',
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    parent_addr: '0000:81:00.0',
    numa_node: 0,
    ifname: 'ens1f0v0',
    link: null,
    network_capabilities: null,
    card_serial_number: null,
    quarantine: null,
    replaced: null,
    tags: { physical_network: 'physnet1' },
    physical_network: 'physnet1',
    status: 'available',
    instance_uuid: null,
    request_id: null,
  });
});

test.each([
  { query: '', count: 3 },
  { query: '?host=host-2', count: 1 },
  { query: '?status=available', count: 3 },
  { query: '?status=allocated', count: 0 },
  { query: '?status=allocated&status=available', count: 3 },
  { query: '?dev_type=type-PF', count: 1 },
  { query: '?product_id=10ca', count: 2 },
  { query: '?product_id=10ca&vendor_id=8086&physical_network=physnet1', count: 1 },
  { query: '?physical_network=', count: 1 },
  { query: '?physical_network=physnet2', count: 0 },
])('devices are filtered by "$query"', async ({ query, count }) => {
  const { body } = await world.ask(`GET /novella/v1/pci/devices${query}`, { version: '' });
  expect(body.devices).toHaveLength(count);
});

test.each([
  ['pci/devices?status=free', 'query parameters status. Value: free. must be one of available, '],
  ['pci/devices?dev_type=VF', 'query parameters dev_type. Value: VF. must be one of type-PCI, '],
  ['pci/devices?state=x', "('state' was unexpected)"],
  ['pci/pools?physical_network=x', "('physical_network' was unexpected)"],
  ['hosts?name=x', "('name' was unexpected)"],
  ['status?x=1', "('x' was unexpected)"],
])('%s is refused: %s', async (path, message) => {
  const { status, body } = await world.ask(`GET /novella/v1/${path}`, { version: '' });
  expect([status, body.badRequest.message]).toEqual([400, expect.stringContaining(message)]);
});

test('an unknown host is not found', async () => {
  const { status, body } = await world.ask('GET /novella/v1/pci/pools?host=h', { version: '' });
  expect([status, body.itemNotFound.message]).toEqual([404, 'Host h could not be found.']);
});

test('pools are listed one by one, and rolled up in the recorded format', async () => {
  const host = await world.store.hosts.get(hostId);
  await world.store.hosts.update({
    hostId,
    generation: host!.generation,
    pciStats: [
      pool({}),
      pool({ address: '0000:81:00.1', count: 6 }),
      pool({ productId: '10c9', deviceType: 'type-PF', count: 1 }),
      pool({ tags: {}, count: 2 }),
    ],
  });
  const { body } = await world.ask('GET /novella/v1/pci/pools?host=host-1', { version: '' });
  expect(body.pools).toHaveLength(4);
  expect(body.pools[0]).toEqual({
    host: 'host-1',
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    numa_node: 0,
    address: '0000:81:00.0',
    tags: { physical_network: 'physnet1' },
    physical_network: 'physnet1',
    count: 7,
  });
  const entry = { host: 'host-1', vendor_id: '8086', physical_network: 'physnet1' };
  expect(body.stats).toEqual([
    { ...entry, product_id: '10ca', count: 13 },
    { ...entry, product_id: '10c9', count: 1 },
    { ...entry, physical_network: null, product_id: '10ca', count: 2 },
  ]);
});

test('hosts are listed by name with their resources', async () => {
  const { body } = await world.ask('GET /novella/v1/hosts', { version: '' });
  expect(body.hosts.map(({ name }: { name: string }) => name)).toEqual(['host-1', 'host-2']);
  expect(body.hosts[0]).toMatchObject({
    id: hostId,
    vcpus: 4,
    memory_mb: 16384,
    status: 'enabled',
  });
});

test('a waiting server is explained with its NICs and requests', async () => {
  const networks = [{ port: portId }];
  const made = await world.ask('POST /v2.1/servers', {
    body: bootBody({ networks }),
  });
  const { id } = made.body.server;
  const { body } = await world.ask(`GET /novella/v1/servers/${id}/explain`, { version: '' });
  const requestId = body.pci_requests[0].request_id;
  expect(body).toMatchObject({
    server: { id, name: 's', status: 'BUILD', host: null, fault: null },
    decisions: [],
    nics: [{ position: 0, port_id: portId, pci_request_id: requestId, pci_slot: null }],
    pci_requests: [{ count: 1, requester_id: portId }],
    devices: [],
    domain_xml: null,
  });
});

test('a placed server is explained with its devices', async () => {
  const { id } = await world.activeServer({ hostId });
  const host = await world.store.hosts.get(hostId);
  const held = aVf('0000:81:10.0', { serverId: id, requestId: 'r1', status: 'allocated' });
  await world.store.hosts.update({ hostId, generation: host!.generation, devices: [held] });
  const { body } = await world.ask(`GET /novella/v1/servers/${id}/explain`, { version: '' });
  expect(body.devices).toMatchObject([
    { address: '0000:81:10.0', status: 'allocated', instance_uuid: id, request_id: 'r1' },
  ]);
  expect(body.nics).toMatchObject([
    {
      vnic_type: 'direct',
      vif_type: 'hw_veb',
      mac_address: 'fa:16:3e:00:00:01',
      pci_slot: '0000:81:00.2',
      physical_network: 'physnet1',
    },
  ]);
});

test('an unknown server is not explained', async () => {
  const answer = await world.ask('GET /novella/v1/servers/x/explain', { version: '' });
  expect(answer.status).toBe(404);
});

test('the status has the controller, the hosts by state, the disk space and the tasks', async () => {
  const { id } = await world.server();
  await world.store.hosts.seen(hostId, 0);
  const problem = { code: 'pf-down', message: 'down', blocks: 'all' as const };
  for (const [name, change] of [
    ['up-1', {}],
    ['up-2', { enabled: false, problems: [problem] }],
    ['forced', { forcedDown: true }],
  ] satisfies [string, Partial<HostChange>][]) {
    const added = await aHost(world.store, [], name);
    await world.store.hosts.seen(added, world.time.now);
    const { generation } = (await world.store.hosts.get(added))!;
    await world.store.hosts.update({ hostId: added, generation, ...change });
  }
  const { status, body } = await world.ask('GET /novella/v1/status', { version: '' });
  expect(status).toBe(200);
  expect(body).toEqual({
    controller: { version: '1.2.3', started_at: '2026-11-23T07:30:00Z' },
    controllers: [
      { name: null, version: '1.2.3', started_at: '2026-11-23T07:30:00Z', answers: true },
    ],
    settings: [{ key: 'keep_history', value: '30 days' }],
    host_counts: { up: 3, down: 1, forced_down: 1, disabled: 1, with_problems: 1 },
    disks: [{ uses: ['state', 'images'], free_bytes: 75e9, size_bytes: 252e9 }],
    tasks: {
      ...{ running: 0, queued: 1, waiting: 0, host: 0 },
      oldest: [
        {
          server_id: id,
          kind: 'boot',
          step: 'schedule',
          state: 'queued',
          started_at: '1970-01-01T00:00:01Z',
          due_at: '1970-01-01T00:00:01Z',
        },
      ],
    },
  });
  const member = await world.ask('GET /novella/v1/status', { as: 'member', version: '' });
  expect(member.status).toBe(403);
});

/** All pages of a list, following its links. */
async function walk(path: string, key: string) {
  const items: { host?: string; address?: string; name?: string }[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, body } = await world.ask(`GET ${next}`, { version: '' });
    expect({ next, status }).toEqual({ next, status: 200 });
    items.push(...body[key]);
    next = body[`${key}_links`]?.[0].href.replace('http://127.0.0.1:8774', '');
  }
  return items;
}

test('hosts, pools and devices are paged, each once and in order', async () => {
  for (let at = 3; at <= 125; at += 1)
    await aHost(world.store, [aVf('0000:81:10.0')], `host-${at}`);
  const byName = (one: { name?: string }, other: { name?: string }) =>
    (one.name ?? '') < (other.name ?? '') ? -1 : 1;
  const names = (await world.store.hosts.list()).toSorted(byName).map(({ name }) => name);
  expect(names).toHaveLength(125);
  const hosts = await walk('/novella/v1/hosts?limit=50', 'hosts');
  expect(hosts.map(({ name }) => name)).toEqual(names);
  for (const limit of [1, 7, 1000]) {
    const devices = await walk(
      `/novella/v1/pci/devices?limit=${limit}&status=available`,
      'devices',
    );
    expect(devices.map(({ host, address }) => `${host}/${address}`)).toEqual(
      names.flatMap((name) => [
        ...(name === 'host-1' ? ['host-1/0000:81:00.0'] : []),
        `${name}/0000:81:10.0`,
      ]),
    );
  }
});

test.each([
  ['hosts', 'nowhere'],
  ['pci/pools', 'nowhere'],
  ['pci/devices', 'nowhere/0000:81:00.0'],
  ['pci/devices', 'host-1'],
])('%s refuses the marker %s', async (path, marker) => {
  const answer = await world.ask(`GET /novella/v1/${path}?marker=${marker}`, { version: '' });
  expect(answer).toMatchObject({
    status: 400,
    body: { badRequest: { message: `marker [${marker}] not found` } },
  });
});
