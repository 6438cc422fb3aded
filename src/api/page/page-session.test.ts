/** Signing in to the page, and what its cookie permits. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { idleMs, SessionSeal } from './sealed-session.ts';
import { cookieHeader } from './session-cookie.ts';

const own = { 'sec-fetch-site': 'same-origin', 'x-novella-page': '1' };
const admin = { user: 'admin', password: 'admin', project: 'admin' };

/** The value of the cookie that an answer sets. */
function cookieOf(headers: Record<string, unknown>): string {
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

async function signedIn(world: ComputeWorld, body: object = admin): Promise<string> {
  const answer = await world.ask('POST /ui/session', { as: null, headers: own, body });
  expect(answer.status).toBe(200);
  return cookieOf(answer.headers);
}

test('the cookie of a sign-in counts as the token, which no answer has', async () => {
  const world = await aComputeWorld();
  const answer = await world.ask('POST /ui/session', { as: null, headers: own, body: admin });
  expect(answer.body).toEqual({
    session: {
      user_name: 'admin',
      project_name: expect.any(String),
      sees_hosts: true,
      ends_at: '2026-11-23T08:30:00Z',
    },
  });
  expect(answer.headers['set-cookie']).toMatch(
    /^novella-8774=[\w-]+\.\.[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const headers = { cookie: cookieOf(answer.headers) };
  const fleet = await world.ask('GET /novella/v1/fleet', { as: null, version: '', headers });
  expect(fleet.status).toBe(200);
  const servers = await world.ask('GET /v2.1/servers', { as: null, headers });
  expect(servers.status).toBe(200);
  await world.stop();
});

test('a member sees servers and no hosts; an application credential signs in too', async () => {
  const world = await aComputeWorld();
  const cookie = await signedIn(world, {
    application_credential_id: 'member',
    application_credential_secret: 'member',
  });
  const session = await world.ask('GET /ui/session', { as: null, headers: { cookie } });
  expect(session.body.session).toMatchObject({ user_name: 'member', sees_hosts: false });
  const ask = (act: string) => world.ask(act, { as: null, version: '', headers: { cookie } });
  expect((await ask('GET /novella/v1/fleet')).status).toBe(403);
  expect((await ask('GET /v2.1/servers')).status).toBe(200);
  await world.stop();
});

test.each([
  ['no header of the page', { 'sec-fetch-site': 'same-origin' }],
  ['a page of another port', { ...own, 'sec-fetch-site': 'same-site' }],
  ['another site', { ...own, 'sec-fetch-site': 'cross-site' }],
  ['a program', { 'x-novella-page': '1' }],
])('nothing is changed by %s', async (_, headers) => {
  const world = await aComputeWorld();
  const cookie = await signedIn(world);
  const given = { as: null, headers: { ...headers, cookie } };
  const what = { flavor: 'm1.sriov' };
  expect(await world.ask('POST /novella/v1/what-if', { ...given, body: what })).toMatchObject({
    status: 403,
    body: { forbidden: { message: expect.stringContaining('X-Novella-Page: 1') } },
  });
  const bare = { as: null, headers };
  const again = await world.ask('POST /ui/session', { ...bare, body: admin });
  expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined]);
  await world.stop();
});

test.each(['cross-site', 'same-site'])('nothing is read by a page of %s', async (site) => {
  const world = await aComputeWorld();
  const cookie = await signedIn(world);
  const from = (path: string, headers: object) =>
    world.app.inject({ url: path, headers: { cookie, ...headers } });
  const foreign = { 'sec-fetch-site': site };
  for (const path of ['/novella/v1/fleet', '/v2.1/servers', '/ui/session']) {
    const refused = await from(path, foreign);
    expect([path, refused.statusCode]).toEqual([path, 403]);
    expect(refused.payload).toContain(`Sec-Fetch-Site: ${site}`);
    expect(refused.headers['cross-origin-resource-policy']).toBe('same-origin');
    const served = await Promise.all([
      from(path, { 'sec-fetch-site': 'same-origin' }),
      from(path, { 'sec-fetch-site': 'none' }),
      from(path, {}),
      from(path, { ...foreign, 'x-auth-token': 'admin', cookie: '' }),
    ]);
    expect(served.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    expect(served[0]?.headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(served[3]?.headers['cross-origin-resource-policy']).toBeUndefined();
  }
  // A link from there: 503, because the page is not built here.
  expect((await from('/ui/', foreign)).statusCode).toBe(503);
  await world.stop();
});

test.each([
  { 'x-forwarded-for': '192.0.2.7' },
  { 'x-forwarded-proto': 'https' },
  { forwarded: 'for=192.0.2.7' },
  { via: '1.1 proxy' },
  { origin: 'http://cloud.example' },
])('without public_url.compute nobody signs in through a proxy: %j', async (headers) => {
  const world = await aComputeWorld({ publicUrl: null });
  const from = { ...own, host: '127.0.0.1:8774' };
  const post = (given: Record<string, string>) =>
    world.ask('POST /ui/session', { as: null, headers: { ...from, ...given }, body: admin });
  const refused = await post(headers);
  expect(refused).toMatchObject({
    status: 403,
    body: { forbidden: { message: expect.stringContaining('public_url.compute') } },
  });
  expect(refused.headers['set-cookie']).toBeUndefined();
  expect((await post({})).status).toBe(200);
  expect((await post({ origin: 'http://127.0.0.1:8774' })).status).toBe(200);
  await world.stop();
  const configured = await aComputeWorld({ publicUrl: 'https://cloud.example' });
  const behind = { as: null, headers: { ...from, ...headers }, body: admin };
  expect((await configured.ask('POST /ui/session', behind)).status).toBe(200);
  await configured.stop();
});

test('signing out ends the event streams of the session, and no others', async () => {
  const world = await aComputeWorld({ streams: { lifeMs: 60_000 } });
  const headers = { cookie: await signedIn(world) };
  const open = (given: Record<string, string>) =>
    world.app.inject({ url: '/novella/v1/events', headers: given, payloadAsStream: true });
  const [signedOut, other] = await Promise.all([
    open(headers),
    open({ 'x-auth-token': 'manager' }),
  ]);
  const left = { isOpen: true };
  other.stream().once('close', () => (left.isOpen = false));
  await world.ask('DELETE /ui/session', { as: null, headers: { ...own, ...headers } });
  const text = await signedOut.stream().toArray();
  expect(text.join('')).toContain('event: end\ndata: {"reason":"signed out"}');
  expect(left.isOpen).toBe(true);
  other.stream().destroy();
  await world.stop();
});

test('signing out revokes the token and removes the cookie', async () => {
  const world = await aComputeWorld();
  const cookie = await signedIn(world);
  const out = await world.ask('DELETE /ui/session', { as: null, headers: { ...own, cookie } });
  expect(out.status).toBe(204);
  expect(out.headers['set-cookie']).toContain('novella-8774=; Max-Age=0; Path=/');
  expect(world.signedOut).toEqual(['admin']);
  await world.stop();
});

test('a wrong password is refused, and no message has it', async () => {
  const world = await aComputeWorld();
  const ask = (body: object) => world.ask('POST /ui/session', { as: null, headers: own, body });
  expect((await ask({ ...admin, password: 'guess' })).status).toBe(401);
  const odd = await ask({ ...admin, password: 'secret text', project: 7 });
  expect(odd.status).toBe(400);
  expect(JSON.stringify(odd.body)).not.toContain('secret text');
  await world.stop();
});

test('a session ends after an hour without use, and is renewed while it is used', async () => {
  const world = await aComputeWorld();
  const { store, time } = world;
  const clock = { now: () => time.now };
  const authority = clusterAuthority({ store: store.authority, clock, hostLifeMs: 1 });
  const endsAt = time.now + 10 * idleMs;
  const seal = new SessionSeal({ authority, clock });
  let cookie = `novella-8774=${await seal.seal({ token: 'admin', endsAt })}`;
  const fleet = () =>
    world.ask('GET /novella/v1/fleet', { as: null, version: '', headers: { cookie } });
  expect((await fleet()).headers['set-cookie']).toBeUndefined();
  for (let used = 0; used < 3; used += 1) {
    time.now += idleMs - 1_000;
    const answer = await fleet();
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    cookie = cookieOf(answer.headers);
  }
  time.now += idleMs + 1_000;
  expect((await fleet()).status).toBe(401);
  const none = await world.ask('GET /ui/session', { as: null, headers: { cookie } });
  expect(none).toMatchObject({ status: 200, body: { session: null } });
  await world.stop();
});

test('no answer with a cookie may be kept by a cache: files of the page renew no session', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/index-1a2b.js'), 'export {};');
  const world = await aComputeWorld({ pageFolder: folder });
  const cookie = await signedIn(world);
  world.time.now += idleMs / 2;
  const ask = async (path: string) =>
    (await world.ask(`GET ${path}`, { as: null, version: '', headers: { cookie } })).headers;
  for (const path of ['/ui', '/ui/', '/ui/hosts/host-1', '/ui/assets/index-1a2b.js']) {
    expect([path, (await ask(path))['set-cookie']]).toEqual([path, undefined]);
  }
  expect((await ask('/ui/assets/index-1a2b.js'))['cache-control']).toContain('public');
  for (const path of ['/ui/session', '/novella/v1/fleet', '/v2.1/servers']) {
    const headers = await ask(path);
    expect([path, headers['set-cookie'] === undefined]).toEqual([path, false]);
    expect([path, headers['cache-control']]).toEqual([path, 'no-store']);
  }
  const out = await world.ask('DELETE /ui/session', { as: null, headers: { ...own, cookie } });
  expect(out.headers['cache-control']).toBe('no-store');
  await world.stop();
  rmSync(folder, { recursive: true });
});

test('a session never outlives its token, and a changed or foreign one is none', async () => {
  const world = await aComputeWorld();
  const clock = { now: () => world.time.now };
  const authority = clusterAuthority({ store: world.store.authority, clock, hostLifeMs: 1 });
  const seal = new SessionSeal({ authority, clock });
  const sealed = await seal.seal({ token: 'admin', endsAt: clock.now() + 60_000 });
  expect(await seal.open(sealed)).toMatchObject({ token: 'admin' });
  expect(sealed).not.toContain(Buffer.from('admin').toString('base64url'));
  expect(await seal.open(`${sealed.slice(0, -6)}AAAAAA`)).toBeUndefined();
  const foreign = new SessionSeal({
    authority: { keyFor: async () => new Uint8Array(32) },
    clock,
  });
  expect(await foreign.open(sealed)).toBeUndefined();
  // Another controller of the cluster.
  const other = clusterAuthority({ store: world.store.authority, clock, hostLifeMs: 1 });
  expect(await new SessionSeal({ authority: other, clock }).open(sealed)).toBeDefined();
  world.time.now += 61_000;
  expect(await seal.open(sealed)).toBeUndefined();
  await world.stop();
});

test('over TLS the cookie is secure; over plain HTTP there is none but on loopback', () => {
  expect(cookieHeader('S', 'https://cloud.example:8774')).toBe(
    '__Host-novella=S; Path=/; HttpOnly; Secure; SameSite=Strict',
  );
  for (const origin of ['http://localhost', 'http://[::1]:8774', 'http://127.0.1.1:8774']) {
    expect(cookieHeader('S', origin)).not.toContain('Secure');
  }
  expect(() => cookieHeader('S', 'http://192.0.2.7:8774')).toThrow('needs HTTPS');
  expect(() => cookieHeader('S', 'http://127.0.0.1.example')).toThrow('needs HTTPS');
});
