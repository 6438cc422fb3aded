/** `os-hosts`, which `openstack host` uses. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
  await aHost(world.store, [], 'host-1');
  await aHost(world.store, [], 'host-2');
});
afterEach(() => world.stop());

const version = '2.42';
const hostsIn = async (query = '') =>
  (await world.ask(`GET /v2.1/os-hosts${query}`, { version })).body.hosts;
const change = (body: object, host = 'host-1') =>
  world.ask(`PUT /v2.1/os-hosts/${host}`, { version, body });

test('hosts are listed while they are enabled, or those of a zone', async () => {
  const listed = (name: string) => ({ host_name: name, service: 'compute', zone: 'nova' });
  expect(await hostsIn()).toEqual([listed('host-1'), listed('host-2')]);
  expect(await hostsIn('?zone=west')).toEqual([]);
  expect(await hostsIn('?zone=nova')).toHaveLength(2);
  expect((await change({ status: 'Disable' })).body).toEqual({
    host: 'host-1',
    status: 'disabled',
  });
  expect(await hostsIn()).toEqual([listed('host-2')]);
  expect((await change({ status: 'enable' })).body.status).toBe('enabled');
  expect(await hostsIn()).toHaveLength(2);
});

test('a host has its resources, what is in use, and what its servers may use by project', async () => {
  const { flavor, projectId } = await world.activeServer();
  const { body } = await world.ask('GET /v2.1/os-hosts/host-1', { version });
  const servers = {
    cpu: flavor.vcpus,
    memory_mb: flavor.memoryMib,
    disk_gb: flavor.diskGib + flavor.ephemeralGib,
  };
  const resource = (project: string, amounts: object) => ({
    resource: { host: 'host-1', project, ...amounts },
  });
  expect(body.host).toEqual([
    resource('(total)', { cpu: 4, memory_mb: 16_384, disk_gb: 100 }),
    resource('(used_now)', { cpu: 0, memory_mb: 0, disk_gb: 0 }),
    resource('(used_max)', servers),
    resource(projectId, servers),
  ]);
  const idle = await world.ask('GET /v2.1/os-hosts/host-2', { version });
  expect(idle.body.host).toHaveLength(3);
});

test.each([
  { name: 'no field', body: {}, status: 400, message: "Field 'status' or 'maintenance_mode'" },
  { name: 'an unknown status', body: { status: 'off' }, status: 400, message: 'status' },
  { name: 'an unknown field', body: { state: 'enable' }, status: 400, message: 'state' },
  {
    name: 'maintenance',
    body: { maintenance_mode: 'enable' },
    status: 501,
    message: 'does not implement host maintenance mode',
  },
])('a change with $name is refused', async ({ body, status, message }) => {
  const refused = await change(body);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    status,
    expect.stringContaining(message),
  ]);
});

test('an unknown host, a member and a later version are refused', async () => {
  expect((await world.ask('GET /v2.1/os-hosts/host-9', { version })).status).toBe(404);
  expect((await change({ status: 'enable' }, 'host-9')).status).toBe(404);
  for (const act of ['GET /v2.1/os-hosts', 'GET /v2.1/os-hosts/host-1']) {
    expect((await world.ask(act, { as: 'member', version })).status).toBe(403);
    expect((await world.ask(act, { version })).status).toBe(200);
    expect((await world.ask(act, { version: '2.43' })).status).toBe(404);
  }
});
