/** One host as a tree, and one of its devices. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostOffer } from '#core/pci/specs/host-offer.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { aComputeWorld, boundVif, type ComputeWorld, portId } from '#test/worlds/compute-world.ts';
import { aHost, aNic, aPf, aVf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
let hostId: string;
let serverId: string;

const vf = (number: number) =>
  aVf(`0000:81:10.${number}`, { capabilities: { sriov: { vfNum: number } } });

const offer: HostOffer = {
  entries: [{ entry: 0, source: 'novella.yaml:9', deviceSpec: { product_id: '10ca' }, admits: 2 }],
  leftOut: [
    {
      address: parsePciAddress('0000:81:10.2'),
      vendorId: '8086',
      productId: 'ffff',
      deviceType: 'type-VF',
      parentAddress: parsePciAddress('0000:81:00.0'),
      numaNode: 0,
      ifname: null,
      vfNum: 2,
      nearest: { entry: 0, failed: ['product_id'] },
    },
  ],
};

beforeEach(async () => {
  world = await aComputeWorld();
  hostId = await aHost(world.store, [aPf(), vf(0), vf(1)], 'host-1');
  const nics = [aNic({ portId, pciRequestId: 'r1', vif: boundVif })];
  const server = await world.activeServer({ hostId, nics });
  serverId = server.id;
  const host = await world.store.hosts.get(hostId);
  await world.store.hosts.update({
    hostId,
    generation: host?.generation ?? 0,
    devices: [
      { ...vf(0), status: 'allocated', serverId, requestId: 'r1' },
      aPf({ status: 'unavailable' }),
    ],
    numa: {
      nodes: [0, 1].map((id) => ({
        id,
        socket: id,
        cpus: [id],
        dedicatedCpus: [id + 2],
        memoryMib: 8_192,
      })),
      claims: [],
    },
  });
});
afterEach(() => world.stop());

const ask = (path: string, as = 'admin') =>
  world.ask(`GET /novella/v1${path}`, { version: '', as });

test('a host is a tree from its NUMA nodes to the ports and servers that have its VFs', async () => {
  world.context.links.noteOffer(hostId, offer);
  const { body } = await ask('/hosts/host-1');
  expect(body.host).toMatchObject({ name: 'host-1', state: 'up' });
  expect(body.device_specs).toEqual([
    { entry: 0, source: 'novella.yaml:9', device_spec: { product_id: '10ca' }, admits: 2 },
  ]);
  const [zero, one] = body.numa_nodes;
  expect(one).toEqual({
    node: 1,
    socket: 1,
    cpus: 2,
    dedicated_cpus: 1,
    memory_mb: 8_192,
    cards: [],
    plain: [],
  });
  const [pf] = zero.cards[0].pfs;
  expect(pf.self).toMatchObject({ availability: 'vfs-taken', reason: { code: 'vfs-taken' } });
  const letters = (node: { availability: string }) => node.availability;
  expect(pf.vfs.map(letters)).toEqual(['held', 'free', 'not-offered']);
  expect(pf.vfs[0].holder).toEqual({
    server_id: serverId,
    server_name: 'web',
    server_status: 'ACTIVE',
    project_id: expect.any(String),
    request_id: 'r1',
    port_id: portId,
    mac_address: boundVif.macAddress,
    network: boundVif.network.name,
  });
  expect(pf.vfs[1]).toMatchObject({ reason: null, holder: null });
});

test('what a host has not reported to this controller is null', async () => {
  expect((await ask('/hosts/host-1')).body.device_specs).toBeNull();
});

test('a device has its reason, its PF and the port of its holder', async () => {
  const { body } = await ask('/hosts/host-1/devices/0000:81:10.0');
  expect(body).toMatchObject({
    host: 'host-1',
    function: {
      availability: 'held',
      reason: { code: 'device-held', message: `server ${serverId} has it` },
    },
    device: { address: '0000:81:10.0', status: 'allocated' },
    pf: { address: '0000:81:00.0', availability: 'vfs-taken' },
    port: { port_id: portId, mac_address: boundVif.macAddress, vnic_type: 'direct' },
  });
  const { body: free } = await ask('/hosts/host-1/devices/0000:81:10.1');
  expect(free).toMatchObject({ function: { availability: 'free', reason: null }, port: null });
});

test('a device that no entry admits names the nearest one', async () => {
  world.context.links.noteOffer(hostId, offer);
  const { body } = await ask('/hosts/host-1/devices/0000:81:10.2');
  expect(body).toMatchObject({ device: null, port: null, pf: { address: '0000:81:00.0' } });
  expect(body.function.reason).toEqual({
    code: 'not-offered',
    message: 'no device spec of the host admits it; entry 0 would, but for product_id',
  });
});

test.each([
  ['/hosts/nowhere', 'Host nowhere could not be found.'],
  ['/hosts/nowhere/devices/0000:81:10.0', 'Host nowhere could not be found.'],
  ['/hosts/host-1/devices/0000:99:00.0', 'PCI device 0000:99:00.0 of host host-1 could not be'],
  ['/hosts/host-1/devices/x', 'PCI device x of host host-1 could not be found'],
])('%s is not found', async (path, message) => {
  const { status, body } = await ask(path);
  expect([status, body.itemNotFound.message]).toEqual([404, expect.stringContaining(message)]);
});

test.each(['member', 'reader', 'manager', 'service'])('a %s sees no host', async (role) => {
  expect((await ask('/hosts/host-1', role)).status).toBe(403);
  expect((await ask('/hosts/host-1/devices/0000:81:10.0', role)).status).toBe(403);
});
