/** Application credentials, through the API. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  demoPassword,
  type EmbeddedCloud,
  signInBody,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let demoId: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  demoId = (await call('GET /v3/users?name=demo', undefined, cloud.adminToken)).body.users[0].id;
});
afterAll(() => cloud.stop());

const call = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.identity.app, act, { token, ...(body !== undefined && { body }) });
const path = () => `/v3/users/${demoId}/application_credentials`;
const create = (fields: object, token = cloud.demoToken) =>
  call(`POST ${path()}`, { application_credential: fields }, token);
const signIn = (given: object, scope?: object) =>
  ask(cloud.identity.app, 'POST /v3/auth/tokens', {
    body: {
      auth: {
        identity: { methods: ['application_credential'], application_credential: given },
        ...(scope && { scope }),
      },
    },
  });
const names = (all: { name: string }[]) => all.map(({ name }) => name);

test('the token of a credential also lists the roles that its roles imply', async () => {
  const { body } = await create({ name: 'limited', roles: [{ name: 'member' }] });
  const { id, secret } = body.application_credential;
  const { body: reply, headers } = await signIn({ id, secret });
  expect(names(reply.token.roles)).toEqual(['member', 'reader']);
  const { roles } = await cloud.identity.service.validate(String(headers['x-subject-token']));
  expect(roles).toEqual(['member', 'reader']);
});

test('a credential signs in with some of the roles, and its token ends with it', async () => {
  const { status, body } = await create({ name: 'ci', roles: [{ name: 'reader' }] });
  expect(status).toBe(201);
  const { id, secret, roles, unrestricted } = body.application_credential;
  expect([names(roles), unrestricted]).toEqual([['reader'], false]);
  const stored = await cloud.db
    .selectFrom('identity_application_credentials' as never)
    .selectAll()
    .execute();
  expect(JSON.stringify(stored)).not.toContain(secret);
  for (const given of [
    { id, secret },
    { name: 'ci', user: { id: demoId }, secret },
    { name: 'ci', user: { name: 'demo', domain: { id: 'default' } }, secret },
  ]) {
    const { status: signedIn, body: reply } = await signIn(given);
    expect(signedIn).toBe(201);
    expect(reply.token).toMatchObject({
      methods: ['application_credential'],
      application_credential: { id, name: 'ci', restricted: true },
      project: { name: 'demo' },
    });
    expect(names(reply.token.roles)).toEqual(['reader']);
  }
  const token = String((await signIn({ id, secret })).headers['x-subject-token']);
  expect((await cloud.identity.service.validate(token)).roles).toEqual(['reader']);
  for (const refused of [
    await create({ name: 'more' }, token),
    await call(`DELETE ${path()}/${id}`, undefined, token),
    await ask(cloud.identity.app, 'POST /v3/auth/tokens', {
      body: { auth: { identity: { methods: ['token'], token: { id: token } } } },
    }),
  ]) {
    expect(refused.status).toBe(403);
  }
  expect((await call(`DELETE ${path()}/${id}`)).status).toBe(204);
  expect((await call('GET /v3/auth/projects', undefined, token)).status).toBe(401);
  expect((await call(`GET ${path()}/${id}`)).status).toBe(404);
  expect((await signIn({ id, secret })).status).toBe(401);
});

test('lists, shows, and keeps to the owner and administrators', async () => {
  const { id } = (await create({ name: 'own', secret: 'mine' })).body.application_credential;
  const listed = (await call(`GET ${path()}?name=own`)).body.application_credentials;
  expect(names(listed)).toEqual(['own']);
  expect(listed[0]).not.toHaveProperty('secret');
  expect((await call(`GET ${path()}?name=other`)).body.application_credentials).toEqual([]);
  const shown = await call(`GET ${path()}/${id}`, undefined, cloud.adminToken);
  expect(shown.body.application_credential).toMatchObject({ name: 'own', expires_at: null });
  expect((await create({ name: 'foreign' }, cloud.adminToken)).status).toBe(403);
  const admin = (await call('GET /v3/users?name=admin', undefined, cloud.adminToken)).body.users[0];
  const foreign = `GET /v3/users/${admin.id}/application_credentials`;
  expect((await call(foreign)).status).toBe(403);
  const again = await create({ name: 'own' });
  expect(again.status).toBe(409);
  expect(again.body.error.message).toContain('Duplicate entry found with name own.');
  expect((await signIn({ id, secret: 'mine' }, { project: { id: 'x' } })).status).toBe(401);
  expect((await signIn({ id, secret: 'wrong' })).status).toBe(401);
});

test('an unrestricted one manages others; an expiry ends token and credential', async () => {
  const expires_at = '2026-11-23T07:45:00.000000';
  const made = await create({ name: 'short', unrestricted: true, expires_at });
  const { id, secret } = made.body.application_credential;
  expect(made.body.application_credential.expires_at).toBe('2026-11-23T07:45:00.000000Z');
  const reply = await signIn({ id, secret });
  expect(reply.body.token.expires_at).toBe('2026-11-23T07:45:00.000000Z');
  const token = String(reply.headers['x-subject-token']);
  expect((await create({ name: 'other' }, token)).status).toBe(201);
  cloud.time.now = Date.parse('2026-11-23T07:45:00Z');
  expect((await call('GET /v3/auth/projects', undefined, token)).status).toBe(401);
  const late = await signIn({ id, secret });
  expect([late.status, late.body.error.message]).toEqual([
    401,
    "The application credential 'short' has expired.",
  ]);
});

test('refuses what cannot be', async () => {
  for (const [fields, message] of [
    [{ name: '' }, 'name'],
    [{ name: 'a', roles: [{ name: 'admin' }] }, 'Could not find role assignment with role: admin'],
    [{ name: 'a', expires_at: 'soon' }, "expires_at: 'soon' is not a time"],
    [{ name: 'a', expires_at: '2020-01-01T00:00:00Z' }, "'expires_at' must not be before now."],
    [{ name: 'a', access_rules: [{ path: '/' }] }, 'access_rules'],
    [{ name: 'a', secret: 5 }, 'secret'],
  ] as const) {
    const { status, body } = await create(fields);
    expect([status, body.error.message]).toEqual([400, expect.stringContaining(message)]);
  }
  const body = { auth: { identity: signInBody('demo', demoPassword, 'demo').auth.identity } };
  const unscoped = await ask(cloud.identity.app, 'POST /v3/auth/tokens', { body });
  const token = String(unscoped.headers['x-subject-token']);
  expect((await create({ name: 'a' }, token)).status).toBe(400);
  expect((await signIn({ secret: 'x' })).status).toBe(400);
  expect((await signIn({ id: 'none', secret: 'x' })).status).toBe(401);
});
