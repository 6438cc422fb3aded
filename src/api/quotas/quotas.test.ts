/** Quotas as users of the compute API meet them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  bootBody,
  type ComputeWorld,
  faultOf,
  networkId,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const boot = (more: object = {}, as = 'member') =>
  world.ask('POST /v2.1/servers', { as, body: bootBody(more) });
const count = async () =>
  (await world.store.servers.list({ projectId, includeDeleted: true })).length;

test('a project fills its quota and is refused with Nova’s message; other projects are not', async () => {
  expect((await boot({ min_count: 9 })).status).toBe(202);
  const refused = await boot({ min_count: 3 });
  expect(faultOf(refused)).toMatchObject({
    name: 'forbidden',
    code: 403,
    message: 'Quota exceeded for instances: Requested 3, but already used 9 of 10 instances',
  });
  expect(await count()).toBe(9);
  expect((await boot({}, 'stranger')).status).toBe(202);
});

test.each([{ networks: 'none' }, { networks: [{ uuid: networkId }] }])(
  'between min_count and max_count as many are created as the quota allows: $networks',
  async ({ networks }) => {
    world.limits.set(projectId, { cores: 4 });
    expect((await boot({ networks, min_count: 2, max_count: 50 })).status).toBe(202);
    const { body } = await world.ask('GET /v2.1/limits', { as: 'member' });
    expect(body.limits.absolute).toMatchObject({
      totalInstancesUsed: 4,
      totalCoresUsed: 4,
      maxTotalCores: 4,
    });
    expect(faultOf(await boot({ networks })).message).toBe(
      'Quota exceeded for cores: Requested 1, but already used 4 of 4 cores',
    );
    expect(await count()).toBe(4);
  },
);

test('concurrent requests never exceed the quota together', async () => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      boot(at % 2 === 0 ? {} : { networks: [{ uuid: networkId }] }),
    ),
  );
  expect(replies.map(({ status }) => status).filter((status) => status === 202)).toHaveLength(10);
  expect(replies.every(({ status }) => status === 202 || status === 403)).toBe(true);
  expect(await world.store.quotaUsage(projectId)).toMatchObject({ instances: 10 });
});

test.each([
  { field: 'max_count', value: 101 },
  { field: 'max_count', value: '101' },
  { field: 'max_count', value: 2_147_483_647 },
  { field: 'max_count', value: '2147483647' },
  { field: 'min_count', value: '0000000101' },
])('$field: $value is refused before anything is stored', async ({ field, value }) => {
  world.limits.set(projectId, { instances: -1, cores: -1, ram: -1 });
  expect(faultOf(await boot({ [field]: value }))).toMatchObject({
    name: 'badRequest',
    message: `${field}: ${Number(value)} is more than 100, the most servers that one request may ask for.`,
  });
  expect(await count()).toBe(0);
});

test('the largest request is handled as a whole, and other work runs in between', async () => {
  world.limits.set(projectId, { instances: -1, cores: -1, ram: -1 });
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  const { status } = await boot({ max_count: 100 });
  clearImmediate(next);
  expect(status).toBe(202);
  expect(await count()).toBe(100);
  expect(turns).toBeGreaterThanOrEqual(100);
});

test('server groups and metadata have limits too', async () => {
  world.limits.set(otherProjectId, { server_groups: 1, metadata_items: 1 });
  const group = () =>
    world.ask('POST /v2.1/os-server-groups', {
      as: 'stranger',
      body: { server_group: { name: 'g', policy: 'affinity' } },
    });
  expect((await group()).status).toBe(200);
  expect(faultOf(await group())).toMatchObject({
    code: 403,
    message: 'Quota exceeded, too many server groups.',
  });
  expect(faultOf(await boot({ metadata: { a: '1', b: '2' } }, 'stranger'))).toMatchObject({
    code: 403,
    message: 'Maximum number of metadata items exceeds 1: metadata has 2.',
  });
  const { body } = await world.ask('GET /v2.1/limits', { as: 'stranger' });
  expect(body.limits.absolute).toMatchObject({
    maxServerGroups: 1,
    totalServerGroupsUsed: 1,
    maxServerMeta: 1,
  });
});
