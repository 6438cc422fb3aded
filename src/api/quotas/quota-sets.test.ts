/** Quotas of projects, users and classes as administrators set them and users meet them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  bootBody,
  type ComputeWorld,
  faultOf,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { taskOf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const path = `/v2.1/os-quota-sets/${projectId}`;
const read = async (below = '', version = '2.79', as = 'member') =>
  (await world.ask(`GET ${path}${below}`, { as, version })).body.quota_set;
const put = (quotaSet: object, query = '', version = '2.79') =>
  world.ask(`PUT ${path}${query}`, { version, body: { quota_set: quotaSet } });
const boot = (change: object = {}, as = 'member') =>
  world.ask('POST /v2.1/servers', { as, body: bootBody(change) });

const standard = {
  instances: 10,
  cores: 20,
  ram: 51_200,
  metadata_items: 128,
  key_pairs: 100,
  server_groups: 10,
  server_group_members: 10,
};

test('a quota set has the defaults, and by version those of networking and files', async () => {
  expect(await read()).toEqual({ id: projectId, ...standard });
  expect(await read('/defaults')).toEqual({ id: projectId, ...standard });
  const files = {
    injected_files: 0,
    injected_file_content_bytes: 0,
    injected_file_path_bytes: 0,
  };
  expect(await read('', '2.56')).toEqual({ id: projectId, ...standard, ...files });
  expect(Object.keys(await read('', '2.35'))).toHaveLength(15);
});

test('what is set counts over what is configured, until it is deleted', async () => {
  world.limits.set(projectId, { instances: 1 });
  expect((await put({ instances: '2', cores: -1 })).body).toEqual({
    quota_set: { ...standard, instances: 2, cores: -1 },
  });
  expect((await boot({ min_count: 2 })).status).toBe(202);
  expect(faultOf(await boot()).message).toBe(
    'Quota exceeded for instances: Requested 1, but already used 2 of 2 instances',
  );
  expect(await read('/detail')).toMatchObject({
    instances: { limit: 2, in_use: 2, reserved: 0 },
    cores: { limit: -1, in_use: 2, reserved: 0 },
    metadata_items: { limit: 128, in_use: 0, reserved: 0 },
  });
  const { body } = await world.ask('GET /v2.1/limits', { as: 'member' });
  expect(body.limits.absolute).toMatchObject({ maxTotalInstances: 2, maxTotalCores: -1 });
  expect((await world.ask(`DELETE ${path}`)).status).toBe(202);
  expect(await read()).toMatchObject({ instances: 1, cores: 20 });
});

test('a limit below the usage needs force', async () => {
  await boot({ min_count: 3 });
  expect(faultOf(await put({ cores: 40, instances: 2 }))).toEqual({
    name: 'badRequest',
    code: 400,
    message:
      'Quota limit 2 for instances must be greater than or equal to already used and reserved 3.',
  });
  expect(await read(), 'nothing of it is set').toMatchObject({ cores: 20 });
  expect((await put({ instances: 2, force: 'True' })).status).toBe(200);
  expect(await read()).toMatchObject({ instances: 2 });
  expect((await boot()).status).toBe(403);
});

test('a user has limits of the user’s own within those of the project', async () => {
  const query = '?user_id=user-1';
  expect(faultOf(await put({ instances: 11 }, query)).message).toBe(
    'Quota limit 11 for instances must be less than or equal to 10.',
  );
  expect(faultOf(await put({ instances: -1 }, query)).message).toContain('less than or equal');
  expect((await put({ instances: 1, metadata_items: 0, key_pairs: 0 }, query)).status).toBe(200);
  expect([await read(query), await read()]).toMatchObject([{ instances: 1 }, { instances: 10 }]);
  expect(faultOf(await put({ instances: 0 })).message).toContain('already used and reserved 1');
  expect(faultOf(await boot({ metadata: { a: '1' } })).message).toContain('exceeds 0');
  expect((await boot()).status).toBe(202);
  expect(faultOf(await boot()).message).toBe(
    'Quota exceeded for instances: Requested 1, but already used 1 of 1 instances',
  );
  expect(await read(`/detail${query}`)).toMatchObject({ instances: { limit: 1, in_use: 1 } });
  const key = { keypair: { name: 'k' } };
  expect(
    (await world.ask('POST /v2.1/os-keypairs', { as: 'member', body: key, version: '2.91' }))
      .status,
  ).toBe(403);
  expect((await boot({}, 'stranger')).status, 'the same user in another project').toBe(202);
  await world.ask(`DELETE ${path}${query}`);
  expect((await boot()).status).toBe(202);
});

test('the class `default` counts for every project without limits of its own', async () => {
  world.limits.set(otherProjectId, { instances: 7 });
  const classes = '/v2.1/os-quota-class-sets/default';
  const body = { quota_class_set: { instances: 1, server_groups: 3 } };
  expect((await world.ask(`PUT ${classes}`, { body })).body).toEqual({
    quota_class_set: { ...standard, instances: 1, server_groups: 3 },
  });
  expect((await world.ask(`GET ${classes}`)).body.quota_class_set).toMatchObject({
    id: 'default',
    instances: 1,
  });
  expect(await read()).toMatchObject({ instances: 1, server_groups: 3 });
  const other = await world.ask(`GET /v2.1/os-quota-sets/${otherProjectId}`);
  expect(other.body.quota_set).toMatchObject({ instances: 7, server_groups: 3 });
  expect(await read('/defaults')).toMatchObject({ instances: 1 });
  expect((await boot({ min_count: 2 })).status).toBe(403);
  const old = await world.ask(`GET ${classes}`, { version: '2.49' });
  expect(Object.keys(old.body.quota_class_set)).not.toContain('server_groups');
  expect(Object.keys(old.body.quota_class_set)).toContain('fixed_ips');
  const named = await world.ask('GET /v2.1/os-quota-class-sets/gold');
  expect(named.body.quota_class_set).toMatchObject({ id: 'gold', instances: 10 });
});

test('server groups and their members are within what is set', async () => {
  await put({ server_groups: 1, server_group_members: 1 });
  const body = { server_group: { name: 'g', policy: 'soft-affinity' } };
  const group = () => world.ask('POST /v2.1/os-server-groups', { as: 'member', body });
  const { id } = (await group()).body.server_group;
  expect((await group()).status).toBe(403);
  const into = () =>
    world.ask('POST /v2.1/servers', {
      as: 'member',
      body: { ...bootBody(), 'os:scheduler_hints': { group: id } },
    });
  expect([(await into()).status, (await into()).status]).toEqual([202, 403]);
});

test('who may not: others, members that change, readers that list', async () => {
  const other = `/v2.1/os-quota-sets/${otherProjectId}`;
  for (const [act, as] of [
    [`GET ${other}`, 'member'],
    [`GET ${other}/detail`, 'member'],
    [`PUT ${path}`, 'member'],
    [`DELETE ${path}`, 'member'],
    ['GET /v2.1/os-quota-class-sets/default', 'member'],
    ['PUT /v2.1/os-quota-class-sets/default', 'member'],
  ] as const) {
    expect([act, (await world.ask(act, { as, body: {} })).status]).toEqual([act, 403]);
  }
  expect((await world.ask(`GET ${other}/defaults`, { as: 'member' })).status).toBe(200);
});

test.each(['GET /:id', 'GET /:id/detail', 'GET /:id/defaults', 'PUT /:id'])(
  '%s of a project that does not exist',
  async (act) => {
    const [method, below = ''] = act.split(' ');
    const url = `/v2.1/os-quota-sets${below.replace(':id', 'nobody')}`;
    const refused = await world.ask(`${method} ${url}`, {
      ...(method === 'PUT' && { body: { quota_set: {} } }),
    });
    expect(faultOf(refused)).toEqual({
      name: 'badRequest',
      code: 400,
      message: 'Project ID nobody is not a valid project.',
    });
  },
);

test.each([
  [{}, '2.79', "'quota_set' is a required property"],
  [{ quota_set: null }, '2.79', 'quota_set'],
  [{ quota_set: [] }, '2.79', 'quota_set'],
  [{ quota_set: { instances: -2 } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: '-2' } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: 1.5 } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: '1e3' } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: 2_147_483_648 } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: null } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { instances: true } }, '2.79', 'quota_set.instances'],
  [{ quota_set: { volumes: 1 } }, '2.79', "'volumes' was unexpected"],
  [{ quota_set: { fixed_ips: 1 } }, '2.36', "'fixed_ips' was unexpected"],
  [{ quota_set: { injected_files: 1 } }, '2.57', "'injected_files' was unexpected"],
  [{ quota_set: { force: 'perhaps' } }, '2.79', 'quota_set.force'],
])('%j in %s is refused: %s', async (body, version, expected) => {
  const refused = faultOf(await world.ask(`PUT ${path}`, { version, body }));
  expect(refused).toMatchObject({ name: 'badRequest', code: 400 });
  expect(refused.message).toContain(expected);
});

test('concurrent resizes never exceed the quota together; what has begun is in use', async () => {
  const flavor = { name: 'larger', ram: 2048, vcpus: 3, disk: 20 };
  const { body } = await world.ask('POST /v2.1/flavors', { body: { flavor } });
  const servers = [];
  for (let at = 0; at < 8; at += 1) {
    const { id } = await world.activeServer({ nics: [] });
    await world.store.commit({ task: taskOf('boot', await world.store.tasks.of(id)), next: null });
    servers.push(id);
  }
  await put({ cores: 13 });
  const answers = await Promise.all(
    servers.map((id) =>
      world.ask(`POST /v2.1/servers/${id}/action`, {
        as: 'member',
        body: { resize: { flavorRef: body.flavor.id } },
      }),
    ),
  );
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(2);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(6);
  expect(faultOf(answers.find(({ status }) => status === 403)!).message).toBe(
    'Quota exceeded for cores: Requested 2, but already used 12 of 13 cores',
  );
  expect((await read('/detail')).cores).toMatchObject({ limit: 13, in_use: 12 });
});
