import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIdentityStore } from '#integrations/database/services/identity-store.ts';
import {
  adminPassword,
  ask,
  demoPassword,
  type EmbeddedCloud,
  signInBody,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';
import { bootstrap } from './bootstrap.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

const tokensUrl = 'POST /v3/auth/tokens';
const signInWith = (body: unknown) => ask(cloud.identity.app, tokensUrl, { body });
const getAs = (token: string, path: string) => ask(cloud.identity.app, `GET ${path}`, { token });

describe('discovery', () => {
  test('the root names v3 with status 300, as clients probe it', async () => {
    const { status, body } = await ask(cloud.identity.app, 'GET /');
    expect(status).toBe(300);
    expect(body.versions.values[0]).toMatchObject({ id: 'v3.14', status: 'stable' });
  });

  test('the version document links to the address that the client used', async () => {
    const headers = { host: 'cloud.example:5000' };
    const { body } = await ask(cloud.identity.app, 'GET /v3/', { headers });
    expect(body.version.links).toEqual([{ rel: 'self', href: 'http://cloud.example:5000/v3/' }]);
  });
});

describe('signing in', () => {
  test('a password gives a token with project, implied roles and the catalog', async () => {
    const { status, body, headers } = await signInWith(signInBody('admin', adminPassword, 'admin'));
    expect(status).toBe(201);
    expect(headers['x-subject-token']).toMatch(/^[\w-]{43}$/);
    expect(body.token).toMatchObject({
      methods: ['password'],
      user: { name: 'admin', domain: { id: 'default', name: 'Default' } },
      project: { name: 'admin' },
      issued_at: '2026-11-23T07:15:00.000000Z',
      expires_at: '2026-11-23T08:15:00.000000Z',
    });
    expect(body.token.roles.map((role: { name: string }) => role.name)).toEqual([
      'admin',
      'manager',
      'member',
      'reader',
    ]);
    const network = body.token.catalog.find((entry: { type: string }) => entry.type === 'network');
    expect(network.endpoints).toHaveLength(3);
    expect(network.endpoints[0]).toMatchObject({
      interface: 'public',
      region_id: 'RegionOne',
      url: 'http://127.0.0.1:9696',
    });
  });

  test('without a scope the token has neither project nor catalog', async () => {
    const body = signInBody('demo', demoPassword, 'demo');
    const answer = await signInWith({ auth: { identity: body.auth.identity } });
    expect(answer.status).toBe(201);
    expect(answer.body.token).not.toHaveProperty('project');
    expect(answer.body.token).not.toHaveProperty('catalog');
  });

  test('a token can be exchanged for another that expires no later', async () => {
    cloud.time.now += 60_000;
    const { body } = await signInWith({
      auth: {
        identity: { methods: ['token'], token: { id: cloud.demoToken } },
        scope: { project: { name: 'demo', domain: { name: 'default' } } },
      },
    });
    expect(body.token.methods).toEqual(['token', 'password']);
    expect(body.token.expires_at).toBe('2026-11-23T08:15:00.000000Z');
  });

  const user = { name: 'demo', domain: { id: 'default' }, password: demoPassword };
  const withUser = (changed: object, scope?: object) => ({
    auth: {
      identity: { methods: ['password'], password: { user: { ...user, ...changed } } },
      ...(scope && { scope }),
    },
  });
  const refusals = [
    {
      name: 'a wrong password',
      given: withUser({ password: 'x' }),
      gives: [401, 'The user name or the password is wrong.'],
    },
    {
      name: 'an unknown user, with the same message',
      given: withUser({ name: 'eve' }),
      gives: [401, 'The user name or the password is wrong.'],
    },
    {
      name: 'a user of another domain',
      given: withUser({ domain: { name: 'Other' } }),
      gives: [401, 'The user name or the password is wrong.'],
    },
    {
      name: 'a user name without its domain',
      given: withUser({ domain: undefined }),
      gives: [
        400,
        'auth.identity.password.user.domain: missing: a name is unique only in its domain',
      ],
    },
    {
      name: 'a project the user has no role on',
      given: withUser({}, { project: { name: 'admin', domain: { id: 'default' } } }),
      gives: [401, "User 'demo' has no role on project 'admin'."],
    },
    {
      name: 'an unknown project',
      given: withUser({}, { project: { id: 'nope' } }),
      gives: [401, "There is no project 'nope' that you have a role on."],
    },
    {
      name: 'system scope',
      given: withUser({}, { system: { all: true } }),
      gives: [
        501,
        "auth.scope: 'system' is not offered by the embedded identity service; scope the token to a project.",
      ],
    },
    {
      name: 'an unknown method',
      given: { auth: { identity: { methods: ['totp'] } } },
      gives: [
        501,
        'auth.identity.methods: totp is not offered by the embedded identity service; use password, token or application_credential.',
      ],
    },
    {
      name: 'a wrong token',
      given: { auth: { identity: { methods: ['token'], token: { id: 'junk' } } } },
      gives: [401, 'The token is unknown, expired or revoked.'],
    },
    {
      name: 'a password that is a number',
      given: withUser({ password: 5 }),
      gives: [400, 'auth.identity.password.user.password: *** is not allowed: must be string'],
    },
    {
      name: 'an unknown key of a user',
      given: withUser({ pasword: 'x' }),
      gives: [400, "auth.identity.password.user: unknown key 'pasword'"],
    },
    {
      name: 'a project scope beside another',
      given: withUser({}, { project: { id: 'p' }, system: { all: true } }),
      gives: [
        501,
        "auth.scope: 'system' is not offered by the embedded identity service; scope the token to a project.",
      ],
    },
    {
      name: 'a method that methods does not name',
      given: {
        auth: { identity: { methods: ['password'], password: { user }, token: { id: 't' } } },
      },
      gives: [400, 'auth.identity.token: given, but auth.identity.methods names password only'],
    },
    {
      name: 'a body without identity',
      given: { auth: {} },
      gives: [400, "auth: required key 'identity' is missing"],
    },
  ];
  for (const { name, given, gives } of refusals) {
    test(`refuses ${name}`, async () => {
      const { status, body } = await signInWith(given);
      expect([status, body.error.message]).toEqual(gives);
      expect(body.error.code).toBe(status);
    });
  }

  test('a body that is not JSON is refused in Keystone’s format', async () => {
    const { status, body } = await signInWith('{"auth":');
    expect(status).toBe(400);
    expect(body.error.title).toBe('Bad Request');
    expect(body.error.message).toMatch(/^The request body is not valid JSON: /);
  });
});

describe('tokens', () => {
  const poll = (token: string, subject: string, method = 'GET', query = '') =>
    ask(cloud.identity.app, `${method} /v3/auth/tokens${query}`, {
      token,
      headers: { 'x-subject-token': subject },
    });

  test('an admin reads any token, a user only its own', async () => {
    expect((await poll(cloud.adminToken, cloud.demoToken)).body.token.user.name).toBe('demo');
    expect((await poll(cloud.demoToken, cloud.demoToken, 'HEAD')).status).toBe(200);
    expect((await poll(cloud.demoToken, cloud.adminToken)).status).toBe(403);
    expect((await poll(cloud.adminToken, 'junk')).status).toBe(404);
  });

  test('nocatalog omits the catalog', async () => {
    const { body } = await poll(cloud.adminToken, cloud.adminToken, 'GET', '?nocatalog');
    expect(body.token).not.toHaveProperty('catalog');
  });

  test('a revoked token is refused at once', async () => {
    const token = await cloud.signIn('demo', demoPassword, 'demo');
    expect((await cloud.identity.service.validate(token)).userName).toBe('demo');
    expect((await poll(token, token, 'DELETE')).status).toBe(204);
    await expect(cloud.identity.service.validate(token)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'The token is unknown, expired or revoked.',
    });
  });

  test('an expired token is refused, but shown to a service that allows it', async () => {
    const token = await cloud.signIn('demo', demoPassword, 'demo');
    await cloud.identity.service.validate(token);
    cloud.time.now += 3_600_000;
    await expect(cloud.identity.service.validate(token)).rejects.toThrow('expired');
    const admin = await cloud.signIn('admin', adminPassword, 'admin');
    expect((await poll(admin, token)).status).toBe(404);
    expect((await poll(admin, token, 'GET', '?allow_expired=1')).status).toBe(200);
    cloud.adminToken = admin;
    cloud.demoToken = await cloud.signIn('demo', demoPassword, 'demo');
  });

  test('the caller has what the compute API needs', async () => {
    expect(await cloud.identity.service.validate(cloud.adminToken)).toMatchObject({
      userName: 'admin',
      projectName: 'admin',
      domainId: 'default',
      roles: ['admin', 'manager', 'member', 'reader'],
      isAdmin: true,
      token: cloud.adminToken,
    });
  });

  test('a missing or wrong token is refused with the address of Keystone', async () => {
    const answer = await ask(cloud.identity.app, 'GET /v3/projects');
    expect(answer.status).toBe(401);
    expect(answer.body.error.message).toBe('The request has no X-Auth-Token header.');
    expect(answer.headers['www-authenticate']).toMatch(/^Keystone uri="http:\/\/.+\/v3"$/);
  });
});

describe('the directory', () => {
  const lists = [
    { name: 'projects', gives: ['admin', 'demo'] },
    { name: 'users', gives: ['admin', 'demo'] },
    { name: 'roles', gives: ['admin', 'manager', 'member', 'reader', 'service'] },
    { name: 'domains', gives: ['Default'] },
    { name: 'services', gives: ['keystone', 'nova', 'neutron', 'glance'] },
  ];
  for (const { name, gives } of lists) {
    test(`lists ${name} with links`, async () => {
      const { body } = await getAs(cloud.adminToken, `/v3/${name}`);
      expect(body[name].map((view: { name: string }) => view.name)).toEqual(gives);
      expect(body.links).toMatchObject({ next: null, previous: null });
    });
  }

  test('finds by name, and by id after a 404 for the name', async () => {
    expect((await getAs(cloud.adminToken, '/v3/projects/demo')).status).toBe(404);
    const { body } = await getAs(cloud.adminToken, '/v3/projects?name=demo&domain_id=default');
    expect(body.projects).toHaveLength(1);
    const { id } = body.projects[0];
    expect((await getAs(cloud.adminToken, `/v3/projects/${id}`)).body.project.name).toBe('demo');
    expect((await getAs(cloud.demoToken, `/v3/projects/${id}`)).status).toBe(200);
  });

  test('a member lists only its own projects', async () => {
    const { body } = await getAs(cloud.demoToken, '/v3/auth/projects');
    expect(body.projects.map((view: { name: string }) => view.name)).toEqual(['demo']);
    const refused = await getAs(cloud.demoToken, '/v3/projects');
    expect(refused.status).toBe(403);
    expect(refused.body.error.message).toBe(
      'GET /v3/projects is disallowed by policy: it needs the role admin.',
    );
  });

  test('role assignments list user, role and scope', async () => {
    const { body } = await getAs(cloud.adminToken, '/v3/role_assignments?include_names=True');
    const messages = body.role_assignments.map(
      (view: { user: { name: string }; role: { name: string } }) =>
        `${view.user.name} is ${view.role.name}`,
    );
    expect(messages.sort()).toEqual(['admin is admin', 'demo is member']);
  });

  test('the catalog is readable with a token', async () => {
    const { body } = await getAs(cloud.demoToken, '/v3/auth/catalog');
    expect(body.catalog.map((entry: { type: string }) => entry.type)).toEqual([
      'identity',
      'compute',
      'network',
      'image',
    ]);
  });
});

describe('a missing resource is answered with 404, or 501 where a real Keystone has it', () => {
  const absent = [
    {
      given: 'GET /v3/nonsense',
      gives: [404, 'GET /v3/nonsense is not offered by the embedded identity service.'],
    },
    {
      given: 'GET /v3/groups',
      gives: [
        501,
        'groups: GET /v3/groups is not offered by the embedded identity service; a real Keystone has it.',
      ],
    },
    {
      given: 'POST /v3/domains',
      gives: [
        501,
        'changing domains: POST /v3/domains is not offered by the embedded identity service; a real Keystone has it.',
      ],
    },
  ];
  for (const { given, gives } of absent) {
    test(`${given} gives ${gives[0]}`, async () => {
      const { status, body } = await ask(cloud.identity.app, given, { token: cloud.adminToken });
      expect([status, body.error.message]).toEqual(gives);
    });
  }
});

test('after ten wrong passwords a user must wait, and the error has the time', async () => {
  const wrong = () => signInWith(signInBody('mallory', 'wrong', 'demo'));
  for (let at = 0; at < 10; at += 1) expect((await wrong()).status).toBe(401);
  const { status, body, headers } = await wrong();
  expect([status, body.error.title]).toEqual([429, 'Too Many Requests']);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect((await signInWith(signInBody('admin', adminPassword, 'admin'))).status).toBe(201);
});

test('a password longer than 4096 characters is refused before it is hashed', async () => {
  const { status, body } = await signInWith(signInBody('admin', 'x'.repeat(4097), 'admin'));
  expect([status, body.error.code]).toEqual([400, 400]);
});

test('a restart keeps existing data and sets the given password', async () => {
  const store = createIdentityStore(cloud.db);
  const before = await store.users();
  expect((await getAs(cloud.demoToken, '/v3/auth/projects')).status).toBe(200);
  await bootstrap(store, () => 'unused', [
    { name: 'demo', password: 'changed', project: 'demo', role: 'member' },
  ]);
  expect((await store.users()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(await store.token(createHash('sha256').update(cloud.demoToken).digest('hex'))).toBe(
    undefined,
  );
  expect((await signInWith(signInBody('demo', 'changed', 'demo'))).status).toBe(201);
  expect((await signInWith(signInBody('demo', demoPassword, 'demo'))).status).toBe(401);
});
