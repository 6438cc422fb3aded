/** What is changed in the embedded network service reaches the server that has the port. */
import { expect, vi } from 'vitest';
import { scenario } from '#test/cloud.ts';

const soon = { timeout: 60_000, interval: 200 };

scenario('another address of a port is that of its server, in every view', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const before = (await cloud.showPort(port)).fixed_ips[0];
  const address = before.ip_address.replace(/\d+$/, '151');
  await cloud.ok('network', 'PUT', `/ports/${port}`, {
    port: { fixed_ips: [{ ip_address: address }] },
  });
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    const [shown] = Object.values(server.addresses) as { addr: string }[][];
    expect(shown?.map(({ addr }) => addr)).toEqual([address]);
  }, soon);
  const filtered = await cloud.ok('compute', 'GET', `/servers?ip=${address}`);
  expect(filtered.servers.map((server: { id: string }) => server.id)).toEqual([id]);
  const interfaces = await cloud.ok('compute', 'GET', `/servers/${id}/os-interface`);
  expect(interfaces.interfaceAttachments[0].fixed_ips[0].ip_address).toBe(address);
});

scenario('another name of a network is that of the addresses on it', async (cloud) => {
  const red = await cloud.network('red');
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(id, 'ACTIVE');
  await cloud.ok('network', 'PUT', `/networks/${red}`, { network: { name: 'crimson' } });
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    expect(Object.keys(server.addresses)).toEqual(['crimson']);
  }, soon);
});

scenario('a port that is deleted is taken off its server, and its VF is free', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  expect((await cloud.send('network', 'DELETE', `/ports/${port}`)).status).toBe(204);
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    expect(server.addresses).toEqual({});
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  }, soon);
});
