/** What the network service reads: no record twice, and the same beside any number of ports. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '#contracts/services/identity.ts';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let demo: Caller;
let networkId: string;

const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const newPort = async (more: object = {}): Promise<string> => {
  const port = { network_id: networkId, 'binding:vnic_type': 'direct', ...more };
  return (await send('POST /v2.0/ports', { port })).body.port.id;
};

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ limits: { ports: 1_000 } });
  demo = await cloud.identity.service.validate(cloud.demoToken);
  networkId = (await send('POST /v2.0/networks', { network: { name: 'red' } })).body.network.id;
  for (const cidr of ['10.0.0.0/16', 'fd00::/64']) {
    await send('POST /v2.0/subnets', { subnet: { network_id: networkId, cidr } });
  }
  await newPort();
});
afterAll(() => cloud.stop());

/** How many statements read, and how many rows they return. */
async function costOf(work: () => Promise<unknown>): Promise<[number, number]> {
  const statements = await countedStatements(work);
  return [statements.length, statements.reduce((sum, { rows }) => sum + rows, 0)];
}

test('a port is created for the same cost beside one and beside many', async () => {
  // The network with its two subnets, the number of ports, the group, the MAC, two free addresses.
  const expected = [6, 6];
  expect(await costOf(() => newPort())).toEqual(expected);
  for (let made = 0; made < 60; made += 1) await newPort();
  expect(await costOf(() => newPort())).toEqual(expected);
});

test('a port is shown, renamed and deleted with one read', async () => {
  const path = `/v2.0/ports/${await newPort()}`;
  // One row for each of its two addresses.
  expect(await costOf(() => send(`GET ${path}`))).toEqual([1, 2]);
  expect(await costOf(() => send(`PUT ${path}`, { port: { name: 'other' } }))).toEqual([1, 2]);
  expect(await costOf(() => send(`DELETE ${path}`))).toEqual([1, 2]);
});

test('the port of a boot is read once when it is named and once when it is bound', async () => {
  const { service } = cloud.network;
  const id = await newPort();
  const shown = await service.showPort(id, demo);
  expect(await costOf(() => service.showPort(id, demo))).toEqual([1, 2]);
  expect(shown.complete).toEqual((await service.listPorts([id]))[0]);
  expect(await costOf(() => service.listPorts([id]))).toEqual([1, 2]);
  expect(await costOf(() => service.listPorts([]))).toEqual([0, 0]);
  expect(await costOf(() => service.showNetwork(networkId))).toEqual([1, 2]);
  const change = { deviceId: 'vm', deviceOwner: 'compute:nova', bindingHost: 'peer-compute-1' };
  expect(await costOf(() => service.updatePort(id, change))).toEqual([2, 3]);
});

test('a full subnet is searched once for all ports of a bulk, whatever its pools', async () => {
  const pools = await send('POST /v2.0/networks', { network: { name: 'pools' } });
  const network_id = pools.body.network.id;
  for (const subnet of [1, 2, 3, 4, 5]) {
    const addresses = [2, 4, 6, 8].map((last) => `10.${subnet}.0.${last}`);
    const allocation_pools = addresses.map((address) => ({ start: address, end: address }));
    const plan = { network_id, cidr: `10.${subnet}.0.0/16`, allocation_pools };
    expect((await send('POST /v2.0/subnets', { subnet: plan })).status).toBe(201);
    const fixed_ips = addresses.map((ip_address) => ({ ip_address }));
    await newPort({ network_id, fixed_ips });
  }
  const { subnets } = (await send(`GET /v2.0/networks/${network_id}`)).body.network;
  const last = (await send(`GET /v2.0/subnets/${subnets.at(-1)}`)).body.subnet;
  const [free] = last.cidr.split('.0.0/16');
  const allocation_pools = [{ start: `${free}.1.0`, end: `${free}.1.99` }];
  await send(`PUT /v2.0/subnets/${last.id}`, { subnet: { allocation_pools } });
  const bulk = (many: number) =>
    costOf(async () => {
      const ports = Array.from({ length: many }, () => ({ network_id }));
      const { status, body } = await send('POST /v2.0/ports', { ports });
      expect(status).toBe(201);
      expect(body.ports.at(-1).fixed_ips[0].subnet_id).toBe(last.id);
    });
  const [few] = await bulk(2);
  const [many] = await bulk(12);
  // One more port: the network, the number of ports, the group, the MAC, one free address.
  expect(many - few).toBe(10 * 5);
  // Beside what two single ports cost: the number of ports of both, and each full subnet once.
  expect(few).toBe(2 * 5 + 1 + 4);
});
