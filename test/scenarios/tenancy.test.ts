/** What one project can do to another: nothing. */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

scenario(
  'a port that names another project’s server neither blocks its deletion nor is deleted with it',
  async (cloud) => {
    const red = await cloud.network('red');
    const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
    await cloud.settled(id, 'ACTIVE');
    const demo = await cloud.as('novella-demo');
    const { network } = await demo.ok('network', 'POST', '/networks', {
      network: { name: 'mine' },
    });
    const ports = [];
    for (const owner of ['network:x', 'compute:nova', '']) {
      const body = { network_id: network.id, device_id: id, device_owner: owner };
      ports.push((await demo.ok('network', 'POST', '/ports', { port: body })).port.id);
    }
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
    for (const port of ports) expect(await demo.showPort(port)).toMatchObject({ device_id: id });
  },
);

scenario('a bound port whose device_id was cleared is unbound with its server', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  await cloud.ok('network', 'PUT', `/ports/${port}`, { port: { device_id: '' } });
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  expect(await cloud.showPort(port)).toMatchObject({
    'binding:host_id': '',
    'binding:vif_type': 'unbound',
    'binding:profile': {},
  });
});

scenario('a member sees only its own servers and ports, and nothing of hosts', async (cloud) => {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const demo = await cloud.as('novella-demo');
  expect((await demo.ok('compute', 'GET', '/servers')).servers).toEqual([]);
  expect((await demo.ok('network', 'GET', '/ports')).ports).toEqual([]);
  for (const [service, path, status] of [
    ['compute', `/servers/${id}`, 404],
    ['network', `/ports/${port}`, 404],
    ['compute', '/os-hypervisors', 403],
    ['operator', '/pci/devices', 403],
    ['operator', `/servers/${id}/explain`, 403],
  ] as const) {
    expect([path, (await demo.send(service, 'GET', path)).status]).toEqual([path, status]);
  }
  expect((await demo.send('compute', 'DELETE', `/servers/${id}`)).status).toBe(404);
  const stolen = await demo.send('compute', 'POST', '/servers', {
    body: {
      server: { name: 's', flavorRef: '1', imageRef: await imageOf(demo), networks: [{ port }] },
    },
  });
  expect(stolen.status).toBe(400);
  expect(stolen.body.badRequest.message).toContain(`Port id ${port} could not be found`);
});

scenario(
  'a member whose server fits nowhere reads nothing of hosts; an administrator reads all',
  async (cloud) => {
    const demo = await cloud.as('novella-demo');
    const flavor = { name: 'huge', ram: 40_000, vcpus: 1, disk: 900 };
    const made = await cloud.ok('compute', 'POST', '/flavors', { flavor });
    const server = {
      name: 's',
      flavorRef: made.flavor.id,
      imageRef: await imageOf(demo),
      networks: 'none',
    };
    const headers = { 'openstack-api-version': 'compute 2.96' };
    const call = await demo.send('compute', 'POST', '/servers', { body: { server }, headers });
    const { id } = call.body.server;
    await demo.settled(id, 'ERROR');
    const seen = async (who: typeof cloud) => {
      const actions = `/servers/${id}/os-instance-actions`;
      const { instanceActions } = await who.ok('compute', 'GET', actions);
      const [{ request_id: request }] = instanceActions;
      return JSON.stringify([
        (await who.ok('compute', 'GET', `/servers/${id}`)).server,
        (await who.ok('compute', 'GET', '/servers/detail?all_tenants=0')).servers,
        (await who.send('compute', 'GET', `${actions}/${request}`, { headers })).body,
      ]);
    };
    const [byMember, byAdmin] = [await seen(demo), await seen(cloud)];
    expect(byMember).toContain('"No valid host was found. There are not enough hosts available."');
    for (const word of ['host-1', 'host-2', 'GiB', 'MiB', 'resources', 'traceback']) {
      expect(byMember).not.toContain(word);
    }
    expect(byAdmin).toContain('host-1, host-2: resources: ');
  },
);

async function imageOf(cloud: {
  ok(service: 'image', method: string, path: string): Promise<{ images: { id: string }[] }>;
}) {
  return (await cloud.ok('image', 'GET', '/v2/images')).images[0]?.id;
}

scenario(
  'an attach that fails does not touch another project’s port that names the same server',
  async (cloud) => {
    const { network } = await cloud.ok('network', 'POST', '/networks', {
      network: { name: 'all', shared: true },
    });
    await cloud.ok('network', 'POST', '/subnets', {
      subnet: { network_id: network.id, ip_version: 4, cidr: '10.99.0.0/24' },
    });
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    const demo = await cloud.as('novella-demo');
    const ports = [];
    for (const owner of ['', 'compute:nova', 'mine']) {
      const body = { network_id: network.id, device_id: id, device_owner: owner };
      ports.push((await demo.ok('network', 'POST', '/ports', { port: body })).port.id);
    }
    const attach = (requested: object) =>
      cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
        body: { interfaceAttachment: requested },
      });
    const outside = { net_id: network.id, fixed_ips: [{ ip_address: '10.98.0.1' }] };
    expect((await attach(outside)).status).toBeGreaterThanOrEqual(400);
    for (const port of ports) expect(await demo.showPort(port)).toMatchObject({ device_id: id });
    expect((await attach({ net_id: network.id })).status).toBe(200);
  },
);
