import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '#contracts/services/identity.ts';
import type { NetworkStore } from '#contracts/store/network-store.ts';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';
import type { NetworkContext } from './requests/context.ts';
import { createInProcessNetwork } from './in-process.ts';

let cloud: EmbeddedCloud;
let demo: Caller;
let network: string;

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  demo = await cloud.identity.service.validate(cloud.demoToken);
  const send = (act: string, body: unknown) =>
    ask(cloud.network.app, act, { token: cloud.adminToken, body });
  const made = await send('POST /v2.0/networks', { network: { name: 'red', shared: true } });
  network = made.body.network.id;
  await send('POST /v2.0/subnets', { subnet: { network_id: network, cidr: '10.0.0.0/24' } });
});
afterAll(() => cloud.stop());

const newPort = (projectId: string) =>
  cloud.network.service.createPort(
    { networkId: network, projectId, deviceId: 'vm', fixedIp: null },
    { ...demo, projectId },
  );

test('a network shows its segment to the service and hides it from a member', async () => {
  const seen = await cloud.network.service.showNetwork(network);
  expect(seen).toMatchObject({
    name: 'red',
    mtu: 1500,
    segments: [{ networkType: 'vlan', physicalNetwork: 'physnet1', segmentationId: 100 }],
    subnets: [{ cidr: '10.0.0.0/24', gatewayIp: '10.0.0.1', ipVersion: 4 }],
  });
  expect(await cloud.network.service.findNetwork(network, demo)).toEqual({
    id: network,
    name: 'red',
    hasSubnet: true,
  });
});

test('a member boots on its own networks, else on shared ones', async () => {
  const names = async () =>
    (await cloud.network.service.listBootableNetworks(demo)).map(({ name }) => name);
  expect(await names()).toEqual(['red']);
  const body = { network: { name: 'own' } };
  await ask(cloud.network.app, 'POST /v2.0/networks', { token: cloud.demoToken, body });
  expect(await names()).toEqual(['own']);
});

test('a port is created, bound, found by its server, unbound and removed', async () => {
  const { service } = cloud.network;
  const port = await newPort(demo.projectId);
  const bound = await service.updatePort(port.id, {
    deviceOwner: 'compute:nova',
    bindingHost: 'peer-compute-1',
    profile: { pci_slot: '0000:01:10.0' },
    dnsName: 'vm',
  });
  expect(bound).toMatchObject({
    deviceId: 'vm',
    deviceOwner: 'compute:nova',
    bindingHost: 'peer-compute-1',
    profile: { pci_slot: '0000:01:10.0' },
    vifType: 'bridge',
    status: 'ACTIVE',
  });
  expect(await service.listServerPorts('vm')).toEqual([bound]);
  const free = await service.updatePort(port.id, { bindingHost: null, deviceId: '', profile: {} });
  expect(free).toMatchObject({ vifType: 'unbound', deviceId: '', profile: {} });
  await service.deletePort(port.id);
  await service.deletePort(port.id);
  expect(await service.listServerPorts('vm')).toEqual([]);
});

test('a port that is unknown or of another project is not found', async () => {
  const port = await newPort('another-project');
  for (const id of [port.id, 'nope']) {
    await expect(cloud.network.service.showPort(id, demo)).rejects.toMatchObject({
      kind: 'notFound',
      message: `Port ${id} could not be found.`,
    });
  }
  expect(await cloud.network.service.listPorts([port.id, 'nope'])).toEqual([port]);
});

test("an address on another project's network can be chosen only by its owner, and one in use is a conflict", async () => {
  const requested = {
    networkId: network,
    projectId: demo.projectId,
    deviceId: 'vm',
    fixedIp: '10.0.0.77',
  };
  const { service } = cloud.network;
  await expect(service.createPort(requested, demo)).rejects.toMatchObject({ kind: 'forbidden' });
  const admin = await cloud.identity.service.validate(cloud.adminToken);
  await service.createPort(requested, admin);
  await expect(service.createPort(requested, admin)).rejects.toMatchObject({ kind: 'conflict' });
});

test('any number of ports is one query to the store', async () => {
  const questions: unknown[] = [];
  const answer = async (question: unknown) => {
    questions.push(question);
    return [];
  };
  const store = { ports: answer, port: answer } as unknown as NetworkStore;
  const clock = { now: () => 0 };
  const service = createInProcessNetwork({ store, clock } as unknown as NetworkContext);
  const ids = Array.from({ length: 300 }, (_, at) => `port-${at}`);
  await service.listPorts(ids);
  expect(questions).toEqual([{ ids }]);
});
