/** The filters of the identity service's lists; unknown ones are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud({
    users: [{ name: 'Dora', project: 'demo-two', role: 'reader' }],
  });
});
afterAll(() => cloud.stop());

const get = (path: string) =>
  ask(cloud.identity.app, `GET /v3/${path}`, { token: cloud.adminToken });
const namesIn = async (kind: string, query: string) => {
  const { status, body } = await get(`${kind}?${query}`);
  expect([status, body.error]).toEqual([200, undefined]);
  return body[kind].map(({ name, id }: { name?: string; id: string }) => name ?? id);
};

const rows: [kind: string, query: string, names: string[]][] = [
  ['users', 'name=demo', ['demo']],
  ['users', 'name=nobody', []],
  ['users', 'name__contains=o', ['demo', 'Dora']],
  ['users', 'name__startswith=d', ['demo']],
  ['users', 'name__istartswith=D', ['demo', 'Dora']],
  ['users', 'name__iendswith=RA', ['Dora']],
  ['users', 'name__endswith=RA', []],
  ['users', 'enabled=True', ['admin', 'demo', 'Dora']],
  ['users', 'enabled', ['admin', 'demo', 'Dora']],
  ['users', 'enabled=0', []],
  ['users', 'domain_id=default&name=admin', ['admin']],
  ['users', 'domain_id=other', []],
  ['users', 'idp_id=x', []],
  ['users', 'password_expires_at=lt:2030-01-01T00:00:00Z', []],
  ['projects', 'name=demo', ['demo']],
  ['projects', 'name__contains=demo', ['demo', 'demo-two']],
  ['projects', 'parent_id=default&enabled=true&name=demo', ['demo']],
  ['projects', 'parent_id=other', []],
  ['projects', 'is_domain=True', []],
  ['projects', 'tags=blue', []],
  ['projects', 'not-tags=blue&name=demo', ['demo']],
  ['domains', 'name=Default&enabled=true', ['Default']],
  ['domains', 'name=default', []],
  ['roles', 'name=member', ['member']],
  ['roles', 'domain_id=default', []],
  ['services', 'type=compute', ['nova']],
  ['services', 'name=glance', ['glance']],
  ['regions', 'parent_region_id=other', []],
];
test('users of a project have a role in it', async () => {
  const [{ id }] = (await get('projects?name=demo-two')).body.projects;
  expect(await namesIn('users', `tenant_id=${id}`)).toEqual(['Dora']);
  expect(await namesIn('users', 'tenant_id=other')).toEqual([]);
});

test.each(rows)('%s?%s finds %j', async (kind, query, names) => {
  expect((await namesIn(kind, query)).toSorted()).toEqual(names.toSorted());
});

test('endpoints by interface, service and region', async () => {
  const [{ id }] = (await get('services?type=network')).body.services;
  const { body } = await get(`endpoints?interface=public&service_id=${id}&region_id=RegionOne`);
  expect(body.endpoints.map(({ url }: { url: string }) => url)).toEqual(['http://127.0.0.1:9696']);
  expect((await get('endpoints?region_id=other')).body.endpoints).toEqual([]);
});

const kinds = ['users', 'projects', 'domains', 'roles', 'services', 'endpoints', 'regions'];
test.each(kinds)('%s refuses unknown filters', async (kind) => {
  for (const query of [
    'nonsense=1',
    'id__like=x',
    'limit=0',
    'limit=x',
    'limit=-1',
    'marker=nobody',
  ]) {
    const { status, body } = await get(`${kind}?${query}`);
    expect([query, status, body.error.code]).toEqual([query, 400, 400]);
    expect(body.error.message).toContain(query.split('=')[0]);
  }
  const [{ id }] = (await get(kind)).body[kind];
  expect((await get(`${kind}/${id}?nonsense`)).status).toBe(400);
});

test.each(['users?enabled=maybe', 'users?password_expires_at=soon'])('refuses %s', async (path) => {
  expect((await get(path)).status).toBe(400);
});

test('pages: a limit, a marker, and the link to the rest', async () => {
  const names: string[] = [];
  let path: string | null = 'users?limit=2&enabled=true';
  while (path !== null) {
    const { body }: Awaited<ReturnType<typeof get>> = await get(path);
    names.push(...body.users.map(({ name }: { name: string }) => name));
    expect(body.users.length).toBeLessThanOrEqual(2);
    expect(body.truncated ?? false).toBe(body.links.next !== null);
    path = body.links.next === null ? null : (String(body.links.next).split('/v3/')[1] ?? '');
  }
  expect(names.toSorted()).toEqual(['Dora', 'admin', 'demo']);
});

describe('role assignments', () => {
  const idOf = async (kind: string, name: string) =>
    (await get(`${kind}?name=${name}`)).body[kind][0].id as string;
  const found = async (query: string) => {
    const { status, body } = await get(`role_assignments?include_names&${query}`);
    expect(status).toBe(200);
    return body.role_assignments.map(
      (each: { user: { name: string }; role: { name: string } }) =>
        `${each.user.name} ${each.role.name}`,
    );
  };

  test('by user, project and role', async () => {
    expect(await found(`user.id=${await idOf('users', 'Dora')}`)).toEqual(['Dora reader']);
    const project = await idOf('projects', 'demo');
    expect(await found(`scope.project.id=${project}&include_subtree`)).toEqual(['demo member']);
    expect(await found(`role.id=${await idOf('roles', 'admin')}`)).toEqual(['admin admin']);
  });

  test('with implied roles', async () => {
    const user = await idOf('users', 'admin');
    const all = await found(`effective&user.id=${user}`);
    expect(all.toSorted()).toEqual([
      'admin admin',
      'admin manager',
      'admin member',
      'admin reader',
    ]);
    expect(await found(`effective=0&user.id=${user}`)).toEqual(['admin admin']);
    const member = await idOf('roles', 'member');
    expect(await found(`effective&role.id=${member}`)).toEqual(['admin member', 'demo member']);
  });

  test('of groups, domains and the system do not exist', async () => {
    for (const query of ['group.id=g', 'scope.domain.id=default', 'scope.system=all']) {
      expect(await found(query)).toEqual([]);
    }
  });

  test.each(['nonsense=1', 'include_subtree', 'user.id=u&group.id=g', 'limit=1'])(
    'refuses %s',
    async (query) => {
      expect((await get(`role_assignments?${query}`)).status).toBe(400);
    },
  );

  test('omit names by default', async () => {
    const { body } = await get('role_assignments?include_names=0');
    expect(body.role_assignments[0].role).toEqual({ id: expect.any(String) });
  });
});
