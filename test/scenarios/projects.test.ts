/** What users and projects have beside servers: key pairs, quotas, usage. */
import { expect } from 'vitest';
import { keptGuest } from '#test/processes/kept-guests.ts';
import { generateSshKey } from '#runtime/keys/generate-ssh-key.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** The keys that a guest finds on its config drive. */
function keysOf(place: { cloudsYaml: string }, id: string): Record<string, string> {
  const { configDrive } = keptGuest(place, id).guest;
  const meta = configDrive?.find(({ path }) => path === 'openstack/latest/meta_data.json');
  return JSON.parse(meta?.content ?? '{}').public_keys;
}

async function addKey(cloud: Cloud, name: string): Promise<string> {
  const { publicKey } = await generateSshKey(name);
  const body = { keypair: { name, public_key: publicKey } };
  await cloud.ok('compute', 'POST', '/os-keypairs', body);
  return publicKey;
}

scenario(
  'a guest finds its key after the pair is deleted, and another after a rebuild',
  async (cloud, running) => {
    const demo = await cloud.as('novella-demo');
    const [first, second] = [await addKey(demo, 'first'), await addKey(demo, 'second')];
    const config = { key_name: 'first', config_drive: true };
    const id = await demo.boot([], config);
    await demo.ok('compute', 'DELETE', '/os-keypairs/first');
    const { key_name: name, image } = await demo.settled(id, 'ACTIVE');
    expect([name, keysOf(running, id)]).toEqual(['first', { first }]);
    await demo.ok('compute', 'POST', `/servers/${id}/action`, { 'os-stop': null });
    await demo.settled(id, 'SHUTOFF');
    await demo.ok('compute', 'POST', `/servers/${id}/action`, { 'os-start': null });
    await demo.settled(id, 'ACTIVE');
    expect(keysOf(running, id)).toEqual({ first });
    const rebuild = { imageRef: image.id, key_name: 'second' };
    const rebuilt = await demo.send('compute', 'POST', `/servers/${id}/action`, {
      body: { rebuild },
      headers: { 'openstack-api-version': 'compute 2.54' },
    });
    expect([rebuilt.status, rebuilt.body.server.key_name]).toEqual([202, 'second']);
    await demo.settled(id, 'ACTIVE');
    expect(keysOf(running, id)).toEqual({ second });
  },
);

scenario('quotas that an administrator sets hold; usage outlives the servers', async (cloud) => {
  const demo = await cloud.as('novella-demo');
  const { quota_set: own } = await demo.ok(
    'compute',
    'GET',
    `/os-quota-sets/${demo.session.projectId}`,
  );
  const path = `/os-quota-sets/${own.id}`;
  await cloud.ok('compute', 'PUT', path, { quota_set: { instances: 1 } });
  const id = await demo.boot([]);
  await demo.settled(id, 'ACTIVE');
  const refused = await demo.send('compute', 'POST', '/servers', {
    body: {
      server: {
        name: 'two',
        flavorRef: (await demo.ok('compute', 'GET', '/flavors')).flavors[0].id,
        imageRef: (await demo.ok('image', 'GET', '/v2/images')).images[0].id,
        networks: [],
      },
    },
  });
  expect([refused.status, refused.body.forbidden.message]).toEqual([
    403,
    'Quota exceeded for instances: Requested 1, but already used 1 of 1 instances',
  ]);
  const unknown = await cloud.send('compute', 'GET', '/os-quota-sets/0123');
  expect(unknown.status).toBe(400);
  await demo.ok('compute', 'DELETE', `/servers/${id}`);
  await demo.gone(id);
  const period = 'start=2020-01-01T00:00:00&end=2120-01-01T00:00:00';
  const usage = `/os-simple-tenant-usage/${own.id}?${period}`;
  const { tenant_usage: used } = await demo.ok('compute', 'GET', usage);
  expect(used.server_usages).toMatchObject([{ instance_id: id, state: 'terminated' }]);
  expect(used.total_hours).toBeGreaterThan(0);
});
