/**
 * Server groups and hints: where servers are placed in relation to each other, and what a user
 * reads when they cannot be.
 */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const newest = { 'openstack-api-version': 'compute 2.96' };

async function aGroup(cloud: Cloud, policy: string, rules = {}): Promise<string> {
  const { status, body } = await cloud.send('compute', 'POST', '/os-server-groups', {
    body: { server_group: { name: 'web', policy, rules } },
    headers: newest,
  });
  expect(status).toBe(200);
  return body.server_group.id;
}

/** Boots `count` servers concurrently, all with these hints. Their ids. */
async function bootWith(cloud: Cloud, hints: object, count = 1): Promise<string[]> {
  const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const small = flavors.find((flavor: { name: string }) => flavor.name === 'm1.small');
  const server = { name: 's', flavorRef: small.id, imageRef: images[0].id, networks: [] };
  const boots = Array.from({ length: count }, () =>
    cloud.ok('compute', 'POST', '/servers', { server, 'os:scheduler_hints': hints }),
  );
  return (await Promise.all(boots)).map((created) => created.server.id);
}

/** The hosts of these servers once all are up. */
async function hostsOf(cloud: Cloud, ids: string[]): Promise<string[]> {
  const servers = await Promise.all(ids.map((id) => cloud.settled(id, 'ACTIVE')));
  const hosts: string[] = servers.map((server) => server['OS-EXT-SRV-ATTR:host']);
  return hosts.toSorted();
}

scenario('servers of an affinity group share a host', async (cloud) => {
  const group = await aGroup(cloud, 'affinity');
  const hosts = await hostsOf(cloud, await bootWith(cloud, { group }, 3));
  expect(new Set(hosts).size).toBe(1);
});

scenario(
  'an anti-affinity group has one server per host; the next fails with the reason until one is deleted',
  async (cloud) => {
    const group = await aGroup(cloud, 'anti-affinity');
    const ids = await bootWith(cloud, { group }, 2);
    expect(await hostsOf(cloud, ids)).toEqual(['host-1', 'host-2']);
    const [third = ''] = await bootWith(cloud, { group });
    const refused = await cloud.settled(third, 'ERROR');
    expect(refused.fault.message).toBe(
      'No valid host was found. host-1, host-2: group: server group web (anti-affinity): 1 of 1 servers on this host already',
    );
    await cloud.send('compute', 'DELETE', `/servers/${ids[0]}`);
    await cloud.gone(ids[0] ?? '');
    await hostsOf(cloud, await bootWith(cloud, { group }));
    const { body } = await cloud.send('compute', 'GET', `/os-server-groups/${group}`);
    expect(body.server_group.members).toHaveLength(3);
    expect(body.server_group.members).not.toContain(ids[0]);
  },
);

scenario(
  'max_server_per_host allows an anti-affinity group more servers per host',
  async (cloud) => {
    const group = await aGroup(cloud, 'anti-affinity', { max_server_per_host: 2 });
    const ids = await bootWith(cloud, { group }, 4);
    expect(await hostsOf(cloud, ids)).toEqual(['host-1', 'host-1', 'host-2', 'host-2']);
    const [fifth = ''] = await bootWith(cloud, { group });
    expect((await cloud.settled(fifth, 'ERROR')).fault.message).toContain('2 of 2 servers');
  },
);

scenario('soft policies outweigh the balance of hosts, and refuse no server', async (cloud) => {
  for (let count = 0; count < 3; count += 1) {
    const id = await cloud.boot([], { availability_zone: 'nova:host-1' });
    await cloud.settled(id, 'ACTIVE');
  }
  const apart = await aGroup(cloud, 'soft-anti-affinity');
  const pair = await bootWith(cloud, { group: apart }, 2);
  expect(await hostsOf(cloud, pair)).toEqual(['host-1', 'host-2']);
  expect(await hostsOf(cloud, await bootWith(cloud, { group: apart }))).toEqual(['host-2']);
  const together = await aGroup(cloud, 'soft-affinity');
  const hosts = await hostsOf(cloud, await bootWith(cloud, { group: together }, 3));
  expect(new Set(hosts).size).toBe(1);
});

scenario('same_host and different_host', async (cloud) => {
  const [first = ''] = await bootWith(cloud, {});
  const [host = ''] = await hostsOf(cloud, [first]);
  const other = host === 'host-1' ? 'host-2' : 'host-1';
  const near = await bootWith(cloud, { same_host: first }, 2);
  expect(await hostsOf(cloud, near)).toEqual([host, host]);
  const far = await bootWith(cloud, { different_host: [first, near[0]] });
  expect(await hostsOf(cloud, far)).toEqual([other]);
  const [torn = ''] = await bootWith(cloud, { same_host: first, different_host: near });
  expect((await cloud.settled(torn, 'ERROR')).fault.message).toBe(
    `No valid host was found. ${host}: different_host: a server named is on this host`,
  );
});
