/** Usage of projects as the API reports it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from '#core/servers/server.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const hour = 3_600_000;
const all = '/v2.1/os-simple-tenant-usage';
const day = 'start=2026-11-22T07:30:00&end=2026-11-24T00:00:00';

/** Launched so many hours ago, and terminated. */
const launched = (ago: number, until: number | null, change: Partial<Server> = {}) =>
  world.server({
    vmState: 'active',
    launchedAt: world.time.now - ago * hour,
    terminatedAt: until === null ? null : world.time.now - until * hour,
    ...change,
  });

test('hours count from launch to end within the period, with vcpus, memory and disk', async () => {
  const running = await launched(48, null);
  const ended = await launched(10, 6, { deletedAt: world.time.now - 6 * hour });
  await launched(72, 48);
  await world.server();
  const { body } = await world.ask(`GET ${all}/${projectId}?${day}`, { as: 'reader' });
  const { server_usages: usages, ...total } = body.tenant_usage;
  expect(total).toEqual({
    tenant_id: projectId,
    total_hours: 28,
    total_vcpus_usage: 28,
    total_memory_mb_usage: 28 * 512,
    total_local_gb_usage: 28,
    start: '2026-11-22T07:30:00.000000',
    stop: '2026-11-23T07:30:00.000000',
  });
  const sizes = { flavor: 'm1.sriov', memory_mb: 512, local_gb: 1, vcpus: 1 };
  const by = (id: string) =>
    usages.find((each: { instance_id: string }) => each.instance_id === id);
  expect(usages).toHaveLength(2);
  expect(by(running.id)).toEqual({
    ...sizes,
    instance_id: running.id,
    name: 'web',
    tenant_id: projectId,
    hours: 24,
    state: 'active',
    started_at: '2026-11-21T07:30:00.000000',
    ended_at: null,
    uptime: 48 * 3600,
  });
  expect(by(ended.id)).toMatchObject({
    hours: 4,
    state: 'terminated',
    ended_at: '2026-11-23T01:30:00.000000',
    uptime: 4 * 3600,
  });
});

test('administrators list the usage of all projects, in detail and in pages', async () => {
  const ids = await Promise.all([launched(2, null), launched(1, null)]);
  await launched(3, null, { projectId: otherProjectId });
  const list = async (query: string, version = '2.79') =>
    (await world.ask(`GET ${all}?${day}${query}`, { version })).body;
  const { tenant_usages: usages } = await list('');
  expect(usages.map((each: Record<string, unknown>) => [each['tenant_id'], each['total_hours']])) //
    .toEqual([
      [projectId, 3],
      [otherProjectId, 3],
    ]);
  expect(usages[0]).not.toHaveProperty('server_usages');
  expect((await list('&detailed=1')).tenant_usages[0].server_usages).toHaveLength(2);
  const [first, second] = ids.map(({ id }) => id).toSorted();
  const page = await list('&detailed=1&limit=1');
  expect(page.tenant_usages[0].server_usages[0].instance_id).toBe(first);
  expect(page.tenant_usages_links[0].href).toContain(`limit=1&marker=${first}`);
  const next = await list(`&detailed=1&limit=1&marker=${first}`);
  expect(next.tenant_usages[0].server_usages[0].instance_id).toBe(second);
  const old = await list('&limit=1', '2.39');
  expect([old.tenant_usages.length, old.tenant_usages_links]).toEqual([2, undefined]);
});

test('a project without servers has an empty usage', async () => {
  const { body } = await world.ask(`GET ${all}/${projectId}?${day}`);
  expect(body).toEqual({ tenant_usage: {} });
  expect((await world.ask(`GET ${all}?${day}`)).body).toEqual({ tenant_usages: [] });
});

test('without start and end the period is the moment', async () => {
  const server = await world.activeServer({ launchedAt: 0 });
  const { status, body } = await world.ask(`GET /v2.1/os-simple-tenant-usage/${server.projectId}`);
  expect(status).toBe(200);
  expect(body.tenant_usage.server_usages).toHaveLength(1);
  expect(body.tenant_usage.total_hours).toBeLessThan(0.001);
});

test('who may not: members that list, and others', async () => {
  expect((await world.ask(`GET ${all}?${day}`, { as: 'member' })).status).toBe(403);
  const other = `GET ${all}/${otherProjectId}?${day}`;
  expect((await world.ask(other, { as: 'member' })).status).toBe(403);
});

test.each([
  ['end=2026-11-22T00:00:00', 'The start time cannot occur after the end time'],
  ['start=2026-11-24T00:00:00&end=2026-11-23T00:00:00', 'Invalid start time'],
  ['start=yesterday', 'Datetime is in invalid format'],
  ['start=2026-02-30T00:00:00', 'Datetime is in invalid format'],
  ['start=2026-11-22', 'Datetime is in invalid format'],
  ['start=2026-11-22T00:00:00Z', 'Datetime is in invalid format'],
  [`${day}&limit=-1`, 'limit. Value: -1'],
  [`${day}&marker=x`, 'marker [x] not found'],
  [`${day}&colour=red`, "'colour' was unexpected"],
])('?%s is refused: %s', async (query, expected) => {
  for (const path of [all, `${all}/${projectId}`]) {
    const refused = faultOf(await world.ask(`GET ${path}?${query}`));
    expect(refused).toMatchObject({ name: 'badRequest', code: 400 });
    expect(refused.message).toContain(expected);
  }
});

test('a server has no password', async () => {
  const { id } = await world.server();
  const path = `/v2.1/servers/${id}/os-server-password`;
  expect((await world.ask(`GET ${path}`, { as: 'reader' })).body).toEqual({ password: '' });
  expect((await world.ask(`DELETE ${path}`, { as: 'reader' })).status).toBe(403);
  expect((await world.ask(`DELETE ${path}`, { as: 'member' })).status).toBe(204);
  expect((await world.ask(`GET ${path}`, { as: 'stranger' })).status).toBe(404);
});

test('the usage of a project without an id is not found', async () => {
  expect((await world.ask(`GET ${all}/?${day}`)).status).toBe(404);
  expect((await world.ask(`GET ${all}?${day}`)).status).toBe(200);
});
