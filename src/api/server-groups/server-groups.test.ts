/** Server groups by microversion, project and page, and a server's view of its own. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type RequestOptions,
  bootBody,
  type ComputeWorld,
  faultOf,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

const groupsPath = '/v2.1/os-server-groups';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

function create(group: object, requested: RequestOptions = {}) {
  return world.ask(`POST ${groupsPath}`, {
    as: 'member',
    body: { server_group: group },
    ...requested,
  });
}

const web = { name: 'web', policy: 'anti-affinity' };

function boot(hints: object) {
  const body = { ...bootBody(), 'os:scheduler_hints': hints };
  return world.ask('POST /v2.1/servers', { as: 'member', body });
}

test.each([
  {
    version: '2.1',
    sends: { policies: ['affinity'] },
    gives: { policies: ['affinity'], metadata: {} },
  },
  {
    version: '2.13',
    sends: { policies: ['anti-affinity'] },
    gives: {
      policies: ['anti-affinity'],
      metadata: {},
      project_id: projectId,
      user_id: 'user-1',
    },
  },
  {
    version: '2.15',
    sends: { policies: ['soft-affinity'] },
    gives: {
      policies: ['soft-affinity'],
      metadata: {},
      project_id: projectId,
      user_id: 'user-1',
    },
  },
  {
    version: '2.64',
    sends: { policy: 'anti-affinity', rules: { max_server_per_host: '3' } },
    gives: {
      policy: 'anti-affinity',
      rules: { max_server_per_host: 3 },
      project_id: projectId,
      user_id: 'user-1',
    },
  },
  {
    version: '2.79',
    sends: { policy: 'soft-anti-affinity' },
    gives: {
      policy: 'soft-anti-affinity',
      rules: {},
      project_id: projectId,
      user_id: 'user-1',
    },
  },
])('a group is created, shown and listed in the shape of $version', async (row) => {
  const { version, sends, gives } = row;
  const made = await create({ name: 'web', ...sends }, { version });
  const group = { id: made.body.server_group?.id, name: 'web', members: [], ...gives };
  expect([made.status, made.body]).toEqual([200, { server_group: group }]);
  const shown = await world.ask(`GET ${groupsPath}/${group.id}`, { as: 'reader', version });
  expect(shown.body).toEqual({ server_group: group });
  const listed = await world.ask(`GET ${groupsPath}`, { as: 'reader', version });
  expect(listed.body).toEqual({ server_groups: [group] });
});

test.each([
  { version: '2.1', sends: { policies: ['soft-affinity'] }, expected: 'policies.0' },
  { version: '2.15', sends: { policies: [] }, expected: 'policies' },
  { version: '2.15', sends: { policies: ['affinity', 'anti-affinity'] }, expected: 'policies' },
  { version: '2.63', sends: { policy: 'affinity' }, expected: "'policy' was unexpected" },
  { version: '2.64', sends: { policies: ['affinity'] }, expected: "'policies' was unexpected" },
  { version: '2.64', sends: { policy: 'legacy' }, expected: 'policy' },
  {
    version: '2.64',
    sends: { policy: 'anti-affinity', rules: { max_server_per_host: 0 } },
    expected: 'rules.max_server_per_host',
  },
  {
    version: '2.64',
    sends: { policy: 'affinity', rules: { max_server_per_host: 2 } },
    expected: 'Only anti-affinity policy supports rules',
  },
])('$version refuses $sends', async ({ version, sends, expected }) => {
  const reply = await create({ name: 'web', ...sends }, { version });
  expect([reply.status, faultOf(reply).message]).toEqual([400, expect.stringContaining(expected)]);
});

test('a group belongs to its project: others do not find it, administrators find all, readers change none', async () => {
  const { id } = (await create(web)).body.server_group;
  const foreign = (await create(web, { as: 'stranger' })).body.server_group;
  expect(foreign.project_id).toBe(otherProjectId);
  const ids = async (query: string, as: string) =>
    (await world.ask(`GET ${groupsPath}${query}`, { as })).body.server_groups.map(
      (group: { id: string }) => group.id,
    );
  expect(await ids('', 'stranger')).toEqual([foreign.id]);
  expect(await ids('?all_projects=1', 'stranger')).toEqual([foreign.id]);
  expect(await ids('', 'admin')).toEqual([id]);
  expect(await ids('?all_projects=1', 'admin')).toEqual([id, foreign.id]);
  for (const act of ['GET', 'DELETE']) {
    const reply = await world.ask(`${act} ${groupsPath}/${id}`, { as: 'stranger' });
    expect([reply.status, faultOf(reply).message]).toEqual([
      404,
      `Instance group ${id} could not be found.`,
    ]);
  }
  expect((await world.ask(`DELETE ${groupsPath}/${id}`, { as: 'reader' })).status).toBe(403);
  expect((await world.ask(`DELETE ${groupsPath}/${id}`, { as: 'member' })).status).toBe(204);
  expect((await world.ask(`GET ${groupsPath}/${id}`, { as: 'member' })).status).toBe(404);
});

test.each([
  { query: '', gives: ['a', 'b', 'c'] },
  { query: '?limit=2', gives: ['a', 'b'] },
  { query: '?limit=2&offset=2', gives: ['c'] },
  { query: '?limit=0&offset=1', gives: ['b', 'c'] },
  { query: '?offset=-1', gives: 400 },
  { query: '?marker=x', gives: 400 },
])('a page of groups: "$query"', async ({ query, gives }) => {
  for (const name of ['a', 'b', 'c']) await create({ ...web, name });
  const { status, body } = await world.ask(`GET ${groupsPath}${query}`);
  const names = body.server_groups?.map(({ name }: { name: string }) => name);
  expect(names ?? status).toEqual(gives);
});

test('a server booted into a group is its member, shows it from 2.71 on, and counts in the limits', async () => {
  const { id } = (await create(web)).body.server_group;
  const booted = await boot({ group: id });
  const serverId = booted.body.server.id;
  const { body } = await world.ask(`GET ${groupsPath}/${id}`);
  expect(body.server_group.members).toEqual([serverId]);
  const shown = await world.ask(`GET /v2.1/servers/${serverId}`);
  expect(shown.body.server.server_groups).toEqual([id]);
  const older = await world.ask(`GET /v2.1/servers/${serverId}`, { version: '2.70' });
  expect(older.body.server).not.toHaveProperty('server_groups');
  const limits = await world.ask('GET /v2.1/limits');
  expect(limits.body.limits.absolute).toMatchObject({
    totalServerGroupsUsed: 1,
    maxServerGroups: 10,
  });
});

const nowhere = '0f7a0f4e-6f4e-4b8f-9d4e-0c5b0a3f9e11';

test.each([
  { hints: { group: nowhere }, expected: `Instance group ${nowhere} could not be found.` },
  { hints: { group: 'web' }, expected: 'os:scheduler_hints.group. Value: "web". must be a UUID' },
  {
    hints: { same_host: nowhere },
    expected: `os:scheduler_hints.same_host: Instance ${nowhere} could not be found.`,
  },
  {
    hints: { different_host: [nowhere] },
    expected: `os:scheduler_hints.different_host: Instance ${nowhere} could not be found.`,
  },
  { hints: { different_host: ['a'] }, expected: 'different_host.0' },
])('the hints $hints are refused', async ({ hints, expected }) => {
  const reply = await boot(hints);
  expect([reply.status, faultOf(reply).message]).toEqual([400, expect.stringContaining(expected)]);
});

test("another project's group and server are treated as unknown", async () => {
  const { id } = (await create(web, { as: 'stranger' })).body.server_group;
  expect((await boot({ group: id })).status).toBe(400);
  const server = await world.server({ projectId: otherProjectId });
  expect((await boot({ same_host: server.id })).status).toBe(400);
});

test('hints that no filter reads are dropped, whatever they are', async () => {
  expect((await boot({ query: ['>=', '$free_ram_mb', 1024], custom: { a: 1 } })).status).toBe(202);
});
