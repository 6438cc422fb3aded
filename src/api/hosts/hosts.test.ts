/** Hypervisors, services and zones over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
let first: string;
beforeEach(async () => {
  world = await aComputeWorld();
  first = await aHost(world.store, [], 'host-1');
  world.time.now += 1_000;
  const second = await aHost(world.store, [], 'host-2');
  await world.store.hosts.seen(second, world.time.now - 120_000);
  await world.store.hosts.seen(first, world.time.now);
});
afterEach(() => world.stop());

test('hypervisors have numbers before 2.53 and UUIDs from it on', async () => {
  const at = async (version: string) =>
    (await world.ask('GET /v2.1/os-hypervisors', { version })).body.hypervisors;
  expect(await at('2.52')).toEqual([
    { id: 1, hypervisor_hostname: 'host-1', state: 'up', status: 'enabled' },
    { id: 2, hypervisor_hostname: 'host-2', state: 'down', status: 'enabled' },
  ]);
  expect((await at('2.53'))[0].id).toBe(first);
});

test.each([
  { version: '2.27', id: '1', cpuInfo: '{"arch":"x86_64","model":"Skylake-Server"}' },
  { version: '2.52', id: '1', cpuInfo: { arch: 'x86_64', model: 'Skylake-Server' } },
])('a hypervisor as of $version', async ({ version, id, cpuInfo }) => {
  const { body } = await world.ask(`GET /v2.1/os-hypervisors/${id}`, { version });
  expect(body.hypervisor).toEqual({
    id: 1,
    hypervisor_hostname: 'host-1',
    state: 'up',
    status: 'enabled',
    hypervisor_type: 'QEMU',
    hypervisor_version: 8002002,
    host_ip: '192.0.2.1',
    service: { id: 1, host: 'host-1', disabled_reason: null },
    vcpus: 4,
    memory_mb: 16384,
    local_gb: 100,
    vcpus_used: 0,
    memory_mb_used: 0,
    local_gb_used: 0,
    free_ram_mb: 16384,
    free_disk_gb: 100,
    current_workload: 0,
    running_vms: 0,
    disk_available_least: 100,
    cpu_info: cpuInfo,
  });
});

test('from 2.88 on a hypervisor has its uptime in place of figures, and there are no statistics', async () => {
  const at = (path: string, version: string) =>
    world.ask(`GET /v2.1/os-hypervisors${path}`, { version });
  const uptime = ' 08:32:11 up 93 days, 18:25, 12 users,  load average: 0.20, 0.12, 0.14';
  const whole = {
    id: first,
    hypervisor_hostname: 'host-1',
    state: 'up',
    status: 'enabled',
    hypervisor_type: 'QEMU',
    hypervisor_version: 8002002,
    host_ip: '192.0.2.1',
    service: { id: first, host: 'host-1', disabled_reason: null },
    uptime: null,
  };
  expect((await at(`/${first}`, '2.88')).body.hypervisor).toEqual(whole);
  world.context.links.noteUptime(first, uptime);
  expect((await at('/detail', '2.88')).body.hypervisors[0]).toEqual({ ...whole, uptime });
  expect((await at('/detail', '2.87')).body.hypervisors[0]).not.toHaveProperty('uptime');
  expect((await at('', '2.88')).body.hypervisors[0]).not.toHaveProperty('uptime');
  for (const path of ['/statistics', `/${first}/uptime`]) {
    expect((await at(path, '2.87')).status).toBe(200);
    expect((await at(path, '2.88')).status).toBe(404);
  }
});

test('a hypervisor is found by its UUID from 2.53 on, and names are not ids', async () => {
  const { body } = await world.ask(`GET /v2.1/os-hypervisors/${first}`);
  expect(body.hypervisor).toMatchObject({ id: first, service: { id: first } });
  expect((await world.ask('GET /v2.1/os-hypervisors/host-1')).status).toBe(404);
  expect((await world.ask('GET /v2.1/os-hypervisors/1')).status).toBe(404);
});

test('hypervisors are found by a part of their name from 2.53 on', async () => {
  const find = (query: string) => world.ask(`GET /v2.1/os-hypervisors?${query}`);
  const { body } = await find('hypervisor_hostname_pattern=-2');
  expect(body.hypervisors).toMatchObject([{ hypervisor_hostname: 'host-2' }]);
  expect((await find('hypervisor_hostname_pattern=x')).status).toBe(404);
  expect((await find('hypervisor_hostname_pattern=-2&limit=1')).status).toBe(400);
});

test('servers of a hypervisor are shown when requested', async () => {
  const { id, name } = await world.activeServer();
  const at = async (version: string) =>
    (await world.ask('GET /v2.1/os-hypervisors?with_servers=true', { version })).body.hypervisors;
  const [busy, idle] = await at('2.53');
  expect(busy.servers).toEqual([{ uuid: id, name }]);
  expect(idle).not.toHaveProperty('servers');
  expect((await at('2.75'))[1].servers).toEqual([]);
});

test('hypervisors are paged from 2.33 on', async () => {
  const { body } = await world.ask('GET /v2.1/os-hypervisors?limit=1', { version: '2.33' });
  expect(body.hypervisors).toHaveLength(1);
  expect(body.hypervisors_links).toEqual([
    { rel: 'next', href: 'http://127.0.0.1:8774/v2.1/os-hypervisors?limit=1&marker=1' },
  ]);
  const early = await world.ask('GET /v2.1/os-hypervisors?limit=1', { version: '2.32' });
  expect(early.body.hypervisors).toHaveLength(2);
});

test('before 2.53 hypervisors are searched by a part of their name, with or without servers', async () => {
  const { id, name } = await world.activeServer();
  const at = (path: string, version = '2.52') =>
    world.ask(`GET /v2.1/os-hypervisors/${path}`, { version });
  expect((await at('host/search')).body.hypervisors).toEqual([
    { id: 1, hypervisor_hostname: 'host-1', state: 'up', status: 'enabled' },
    { id: 2, hypervisor_hostname: 'host-2', state: 'down', status: 'enabled' },
  ]);
  const { hypervisors } = (await at('host/servers')).body;
  expect(hypervisors[0].servers).toEqual([{ uuid: id, name }]);
  expect(hypervisors[1]).not.toHaveProperty('servers');
  expect((await at('nosuch/search')).status).toBe(404);
  expect((await at('nosuch/servers')).status).toBe(404);
  expect((await at('host/search', '2.53')).status).toBe(404);
  expect((await at('host/servers', '2.53')).status).toBe(404);
});

test('a hypervisor has the uptime that its agent reports: 501 without one, 400 while it is down', async () => {
  const uptime = ' 08:32:11 up 93 days, 18:25, 12 users,  load average: 0.20, 0.12, 0.14';
  const at = (id: string, version: string) =>
    world.ask(`GET /v2.1/os-hypervisors/${id}/uptime`, { version });
  expect((await at('1', '2.1')).status).toBe(501);
  world.context.links.noteUptime(first, uptime);
  const named = { hypervisor_hostname: 'host-1', state: 'up', status: 'enabled', uptime };
  expect((await at('1', '2.1')).body).toEqual({ hypervisor: { id: 1, ...named } });
  expect((await at(first, '2.79')).body).toEqual({ hypervisor: { id: first, ...named } });
  expect((await at('2', '2.1')).status).toBe(400);
  expect((await at('9', '2.1')).status).toBe(404);
  expect((await at('host-1', '2.79')).status).toBe(404);
});

test('before 2.53 services are changed by host and binary', async () => {
  const change = (act: string, body: object, version = '2.52') =>
    world.ask(`PUT /v2.1/os-services/${act}`, {
      version,
      body: { host: 'host-1', binary: 'nova-compute', ...body },
    });
  const service = { host: 'host-1', binary: 'nova-compute' };
  const listed = async () =>
    (await world.ask('GET /v2.1/os-services?host=host-1')).body.services[0];
  expect((await change('disable-log-reason', { disabled_reason: 'why' })).body).toEqual({
    service: { ...service, status: 'disabled', disabled_reason: 'why' },
  });
  expect(await listed()).toMatchObject({ status: 'disabled', disabled_reason: 'why' });
  expect((await change('enable', {})).body).toEqual({ service: { ...service, status: 'enabled' } });
  expect(await listed()).toMatchObject({ status: 'enabled', disabled_reason: null });
  expect((await change('disable', {})).body.service.status).toBe('disabled');
  expect((await change('force-down', { forced_down: true })).body).toEqual({
    service: { ...service, forced_down: true },
  });
  expect(await listed()).toMatchObject({ forced_down: true, state: 'down' });
});

test.each([
  { act: 'force-down', body: {}, version: '2.10', status: 404 },
  { act: 'force-down', body: { forced_down: true }, version: '2.10', status: 400 },
  { act: 'enable', body: { forced_down: true }, version: '2.10', status: 400 },
  { act: 'explode', body: {}, version: '2.1', status: 404 },
  { act: 'enable', body: { host: 'host-9' }, version: '2.1', status: 404 },
  { act: 'enable', body: { binary: 'nova-scheduler' }, version: '2.1', status: 400 },
  { act: 'disable-log-reason', body: {}, version: '2.1', status: 400 },
  { act: 'force-down', body: {}, version: '2.11', status: 400 },
])('a service is not changed by $act $body in $version', async ({ act, body, version, status }) => {
  const answer = await world.ask(`PUT /v2.1/os-services/${act}`, {
    version,
    body: { host: 'host-1', binary: 'nova-compute', ...body },
  });
  expect(answer.status).toBe(status);
});

test.each([
  { act: 'PUT', id: '1', version: '2.79', status: 400 },
  { act: 'PUT', id: 'enable', version: '2.53', status: 400 },
  { act: 'PUT', id: '913b0917-84f4-405b-a361-96b188737d15', version: '2.53', status: 404 },
  { act: 'DELETE', id: 'host-1', version: '2.53', status: 400 },
  { act: 'DELETE', id: '913b0917-84f4-405b-a361-96b188737d15', version: '2.53', status: 404 },
  { act: 'DELETE', id: 'host-1', version: '2.52', status: 400 },
  { act: 'DELETE', id: '9', version: '2.52', status: 404 },
])('$act of the service $id in $version gives $status', async ({ act, id, version, status }) => {
  const body = act === 'PUT' ? { body: { status: 'enabled' } } : {};
  const answer = await world.ask(`${act} /v2.1/os-services/${id}`, { version, ...body });
  expect(answer.status).toBe(status);
});

test('empty filters of services filter nothing', async () => {
  const { body } = await world.ask('GET /v2.1/os-services?host=&binary=');
  expect(body.services).toHaveLength(2);
});

test('statistics are sums', async () => {
  const { body } = await world.ask('GET /v2.1/os-hypervisors/statistics', { version: '2.1' });
  expect(body.hypervisor_statistics).toMatchObject({
    count: 2,
    vcpus: 8,
    memory_mb: 32768,
    free_disk_gb: 200,
  });
});

test('each host has its compute service', async () => {
  const { body } = await world.ask('GET /v2.1/os-services?host=host-1');
  expect(body.services).toEqual([
    {
      id: first,
      binary: 'nova-compute',
      host: 'host-1',
      zone: 'nova',
      status: 'enabled',
      state: 'up',
      updated_at: '2026-11-23T07:30:01.000000',
      disabled_reason: null,
      forced_down: false,
    },
  ]);
  const old = await world.ask('GET /v2.1/os-services', { version: '2.10' });
  expect(old.body.services.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
  expect(old.body.services[0]).not.toHaveProperty('forced_down');
  const other = await world.ask('GET /v2.1/os-services?binary=nova-scheduler');
  expect(other.body.services).toEqual([]);
});

test('zones are those of the hosts; non-administrators see no hosts', async () => {
  const plain = await world.ask('GET /v2.1/os-availability-zone', { as: 'member' });
  expect(plain.body).toEqual({
    availabilityZoneInfo: [{ zoneName: 'nova', zoneState: { available: true }, hosts: null }],
  });
  const refused = await world.ask('GET /v2.1/os-availability-zone/detail', { as: 'member' });
  expect(refused.status).toBe(403);
  const { body } = await world.ask('GET /v2.1/os-availability-zone/detail');
  expect(body.availabilityZoneInfo[0].hosts).toMatchObject({
    'host-1': { 'nova-compute': { available: true, active: true } },
    'host-2': { 'nova-compute': { available: false, active: true } },
  });
});
