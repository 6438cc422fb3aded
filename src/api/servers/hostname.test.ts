/** The hostname of a guest, since 2.90: at creation, later, and for whom it is shown. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, bootBody, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { taskOf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const boot = (change: object, version: string) =>
  world.ask('POST /v2.1/servers', { as: 'member', body: bootBody(change), version });
const shown = async (id: string, version = '2.90', as = 'member') =>
  (await world.ask(`GET /v2.1/servers/${id}`, { as, version })).body.server[
    'OS-EXT-SRV-ATTR:hostname'
  ];

test('a server has the requested hostname, or one made from its name; members see it from 2.90 on', async () => {
  const named = (await boot({ name: 'My Web', hostname: 'Web-1' }, '2.90')).body.server.id;
  const plain = (await boot({ name: 'My Web' }, '2.90')).body.server.id;
  expect(await shown(named)).toBe('Web-1');
  expect(await shown(plain)).toBe('my-web');
  expect(await shown(named, '2.89')).toBeUndefined();
  expect(await shown(named, '2.89', 'admin')).toBe('Web-1');
  const found = await world.ask('GET /v2.1/servers?hostname=Web-1', {
    as: 'member',
    version: '2.90',
  });
  expect(found.body.servers).toMatchObject([{ id: named }]);
});

test.each([
  { hostname: 'web', version: '2.89', status: 400 },
  { hostname: 'web', version: '2.90', status: 202 },
  { hostname: 'w', version: '2.90', status: 400 },
  { hostname: 'web.example', version: '2.93', status: 400 },
  { hostname: 'web.example', version: '2.94', status: 202 },
  { hostname: '-web', version: '2.90', status: 400 },
  { hostname: 'a'.repeat(64), version: '2.90', status: 400 },
  { hostname: 'a'.repeat(255), version: '2.94', status: 202 },
  { hostname: 'a'.repeat(256), version: '2.94', status: 400 },
  { hostname: 'web example', version: '2.94', status: 400 },
])('the hostname $hostname in $version gives $status', async ({ hostname, version, status }) => {
  expect((await boot({ hostname }, version)).status).toBe(status);
});

test('one hostname is not of several servers', async () => {
  const refused = await boot({ hostname: 'web', min_count: 1, max_count: 2 }, '2.96');
  expect(faultOf(refused)).toMatchObject({ code: 400 });
  expect(faultOf(refused).message).toContain('hostname');
});

test('the hostname is changed by an update and by a rebuild', async () => {
  const { id, imageId } = await world.activeServer();
  const boot = taskOf('boot', await world.store.tasks.of(id));
  await world.store.commit({ task: boot, next: null });
  const put = (hostname: string, version: string) =>
    world.ask(`PUT /v2.1/servers/${id}`, { body: { server: { hostname } }, version });
  expect((await put('web-2', '2.89')).status).toBe(400);
  const { body } = await put('web-2', '2.90');
  expect(body.server['OS-EXT-SRV-ATTR:hostname']).toBe('web-2');
  const rebuild = (hostname: string, version: string) =>
    world.ask(`POST /v2.1/servers/${id}/action`, {
      body: { rebuild: { imageRef: imageId, hostname } },
      version,
    });
  expect((await rebuild('web-3', '2.89')).status).toBe(400);
  expect((await rebuild('web-3.example', '2.93')).status).toBe(400);
  expect((await rebuild('web-3.example', '2.94')).status).toBe(202);
  expect(await shown(id)).toBe('web-3.example');
});

test('the zone that a server was requested in is shown from 2.96 on', async () => {
  const { id } = await world.activeServer({ pinnedZone: 'nova' });
  const { id: free } = await world.activeServer({ nics: [] });
  const at = async (server: string, version: string) =>
    (await world.ask(`GET /v2.1/servers/${server}`, { as: 'member', version })).body.server;
  expect(await at(id, '2.95')).not.toHaveProperty('pinned_availability_zone');
  expect(await at(id, '2.96')).toHaveProperty('pinned_availability_zone', 'nova');
  expect(await at(free, '2.96')).toHaveProperty('pinned_availability_zone', null);
  const { body } = await world.ask('GET /v2.1/servers/detail', { version: '2.96' });
  const zones = body.servers.map((one: Record<string, unknown>) => one['pinned_availability_zone']);
  expect(zones.toSorted()).toEqual(['nova', null]);
});
