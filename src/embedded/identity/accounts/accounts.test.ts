/** Projects, users, roles and their assignments, through the API. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  type EmbeddedCloud,
  signInBody,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

const call = (act: string, body?: unknown, token = cloud.adminToken) =>
  ask(cloud.identity.app, act, { token, ...(body !== undefined && { body }) });
const signIn = (name: string, password: string, project: string) =>
  ask(cloud.identity.app, 'POST /v3/auth/tokens', { body: signInBody(name, password, project) });
const idOf = async (plural: string, name: string) =>
  (await call(`GET /v3/${plural}?name=${name}`)).body[plural][0].id as string;

/** A user with the role member on a project, both new. */
async function newTenant(name: string) {
  const project = (await call('POST /v3/projects', { project: { name } })).body.project.id;
  const user = (await call('POST /v3/users', { user: { name, password: 'first' } })).body.user.id;
  const role = await idOf('roles', 'member');
  const grant = `/v3/projects/${project}/users/${user}/roles/${role}`;
  expect((await call(`PUT ${grant}`)).status).toBe(204);
  return { project, user, grant };
}

test('a tenant is created, signs in, and ends with its user, grant or project', async () => {
  const { project, user, grant } = await newTenant('blue');
  for (const [lose, regain] of [
    [() => call(`DELETE ${grant}`), () => call(`PUT ${grant}`)],
    ...[`users/${user}`, `projects/${project}`].map((path) => {
      const key = path.slice(0, path.indexOf('s/'));
      const set = (enabled: boolean) => () => call(`PATCH /v3/${path}`, { [key]: { enabled } });
      return [set(false), set(true)] as const;
    }),
    [() => call(`DELETE /v3/users/${user}`), undefined],
  ] as const) {
    const token = String((await signIn('blue', 'first', 'blue')).headers['x-subject-token']);
    expect((await call('GET /v3/auth/projects', undefined, token)).body.projects).toHaveLength(1);
    expect((await lose()).status).toBeLessThan(300);
    expect((await call('GET /v3/auth/projects', undefined, token)).status).toBe(401);
    expect((await signIn('blue', 'first', 'blue')).status).toBe(401);
    await regain?.();
  }
  expect((await call(`GET /v3/users/${user}`)).status).toBe(404);
  expect((await call(`DELETE /v3/projects/${project}`)).status).toBe(204);
  expect((await call(`GET /v3/projects/${project}`)).status).toBe(404);
});

test('fields are stored, shown, filtered by and changed', async () => {
  const fields = { name: 'ann', email: 'a@example.org', description: 'd', options: {} };
  const { status, body } = await call('POST /v3/users', {
    user: { ...fields, domain_id: 'default', password: 'p', enabled: false },
  });
  expect(status).toBe(201);
  const { id } = body.user;
  expect(body.user).toMatchObject({ ...fields, enabled: false, domain_id: 'default' });
  expect(JSON.stringify(body)).not.toContain('password"');
  const listed = await call('GET /v3/users?name=ann&domain_id=default&enabled=false');
  expect(listed.body.users.map((user: { id: string }) => user.id)).toEqual([id]);
  const changed = await call(`PATCH /v3/users/${id}`, { user: { name: 'anna', email: null } });
  expect(changed.body.user).toMatchObject({ name: 'anna', description: 'd' });
  expect(changed.body.user).not.toHaveProperty('email');
  const role = await call('POST /v3/roles', { role: { name: 'auditor', description: 'reads' } });
  expect(role.body.role).toMatchObject({ name: 'auditor', description: 'reads' });
  const path = `/v3/roles/${role.body.role.id}`;
  expect((await call(`PATCH ${path}`, { role: { name: 'audit' } })).body.role.name).toBe('audit');
  expect((await call(`DELETE ${path}`)).status).toBe(204);
  const red = await call('POST /v3/projects', {
    project: { name: 'red', description: 'x', enabled: true, tags: [], parent_id: 'default' },
  });
  const patched = await call(`PATCH /v3/projects/${red.body.project.id}`, {
    project: { description: 'y', name: 'red' },
  });
  expect(patched.body.project).toMatchObject({ name: 'red', description: 'y', enabled: true });
});

test('grants are listed and checked', async () => {
  const { project, user, grant } = await newTenant('green');
  const roles = await call(`GET /v3/projects/${project}/users/${user}/roles`);
  expect(roles.body.roles.map((role: { name: string }) => role.name)).toEqual(['member']);
  expect((await call(`HEAD ${grant}`)).status).toBe(204);
  expect((await call(`DELETE ${grant}`)).status).toBe(204);
  expect((await call(`HEAD ${grant}`)).status).toBe(404);
  expect((await call(`DELETE ${grant}`)).status).toBe(404);
});

test('users change their password themselves, administrators any', async () => {
  const { user } = await newTenant('grey');
  const token = String((await signIn('grey', 'first', 'grey')).headers['x-subject-token']);
  const change = (former: string, password: string) =>
    ask(cloud.identity.app, `POST /v3/users/${user}/password`, {
      body: { user: { original_password: former, password } },
    });
  const refused = await change('wrong', 'second');
  expect(refused.status).toBe(401);
  expect(refused.body.error.message).toContain('Error when changing user password');
  expect((await change('first', 'second')).status).toBe(204);
  expect((await call('GET /v3/auth/projects', undefined, token)).status).toBe(401);
  expect((await signIn('grey', 'first', 'grey')).status).toBe(401);
  expect((await signIn('grey', 'second', 'grey')).status).toBe(201);
  await call(`PATCH /v3/users/${user}`, { user: { password: 'third' } });
  expect((await signIn('grey', 'second', 'grey')).status).toBe(401);
  expect((await signIn('grey', 'third', 'grey')).status).toBe(201);
});

test('refuses as Keystone does', async () => {
  const [admin, role, project] = [
    await idOf('users', 'admin'),
    await idOf('roles', 'admin'),
    await idOf('projects', 'admin'),
  ];
  const refusals: [string, unknown, number, string][] = [
    ['POST /v3/users', { user: { name: 'demo' } }, 409, 'Duplicate entry found with name demo'],
    ['POST /v3/projects', { project: { name: 'demo' } }, 409, 'name demo at domain ID default'],
    ['POST /v3/roles', { role: { name: 'member' } }, 409, 'Duplicate entry found with name member'],
    ['POST /v3/roles', { role: { name: 'ADMIN' } }, 409, "differs from role 'admin' only by case"],
    [`PATCH /v3/users/${admin}`, { user: { name: 'demo' } }, 409, 'Duplicate entry'],
    ['PATCH /v3/users/nobody', { user: {} }, 404, 'Could not find user: nobody.'],
    ['DELETE /v3/projects/none', undefined, 404, 'Could not find project: none.'],
    ['DELETE /v3/roles/none', undefined, 404, 'Could not find role: none.'],
    ['POST /v3/users', { user: { name: ' ' } }, 400, 'user.name'],
    ['POST /v3/users', { user: { name: 'a', password: 5 } }, 400, 'user.password'],
    ['POST /v3/users', { user: { name: 'a', domain_id: 'x' } }, 404, 'Could not find domain: x.'],
    ['POST /v3/projects', { project: { name: 'a'.repeat(65) } }, 400, 'project.name'],
    ['POST /v3/projects', { project: { name: 'a', nonsense: 1 } }, 400, "key 'nonsense'"],
    ['POST /v3/projects', { project: { name: 'a', tags: ['t'] } }, 400, 'project.tags'],
    [`DELETE /v3/roles/${role}`, undefined, 403, 'cannot be deleted'],
    [`PATCH /v3/roles/${role}`, { role: { name: 'boss' } }, 403, 'cannot be renamed'],
    [`DELETE /v3/users/${admin}`, undefined, 403, 'without an administrator'],
    [`PATCH /v3/users/${admin}`, { user: { enabled: false } }, 403, 'without an administrator'],
    [`PATCH /v3/users/${admin}`, { user: { password: null } }, 403, 'without an administrator'],
    [`DELETE /v3/projects/${project}`, undefined, 403, 'without an administrator'],
    [`DELETE /v3/projects/${project}/users/${admin}/roles/${role}`, undefined, 403, 'without an'],
  ];
  for (const [act, body, status, message] of refusals) {
    const answer = await call(act, body);
    expect([act, answer.status, answer.body.error.message]).toEqual([
      act,
      status,
      expect.stringContaining(message),
    ]);
    expect(answer.body.error.code).toBe(status);
    if (status === 404) continue;
    expect((await call(act, body, cloud.demoToken)).status).toBe(403);
  }
  expect((await call('GET /v3/users', undefined, cloud.adminToken)).status).toBe(200);
});

test('a sign-in may be of 64 KiB at most', async () => {
  const { status } = await call('POST /v3/auth/tokens', { auth: 'x'.repeat(65 * 1024) });
  expect(status).toBe(413);
});
