/** Administrators enroll and revoke hosts; a token is shown once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const plain = { version: '' };
const enroll = (name: string, body: object = {}) =>
  world.ask(`POST /novella/v1/hosts/${name}/enrolment`, { ...plain, body });

test('an enrolled host gets a token that is shown once and stored as its hash', async () => {
  const { status, body } = await enroll('hv1');
  expect(status).toBe(201);
  const { token, ...shown } = body.enrolment;
  expect(shown).toEqual({
    host: 'hv1',
    enrolled_at: '2026-11-23T07:30:00Z',
    expires_at: '2026-11-23T08:30:00Z',
    controller: 'https://192.0.2.10:8785',
  });
  const fingerprint = await world.context.authority.fingerprint();
  expect(token).toMatch(new RegExp(`^novella-join-[\\w-]{43}\\.${fingerprint}$`));
  const { enrolments } = world.store;
  expect(await enrolments.ofJoinToken(sha256OfToken(token))).toMatchObject({ host: 'hv1' });
  const listed = await world.ask('GET /novella/v1/hosts/enrolments', plain);
  expect(listed.body.enrolments).toEqual([
    {
      host: 'hv1',
      enrolled_at: shown.enrolled_at,
      revoked_at: null,
      join_expires_at: shown.expires_at,
      certificate: null,
      has_endless_token: false,
      link: { address: '192.0.2.7', since: shown.enrolled_at, certificate: null },
    },
  ]);
  expect(JSON.stringify(await world.store.enrolments.list())).not.toContain(token);
});

test('a second token is issued only as a replacement of the first', async () => {
  const first = (await enroll('hv1')).body.enrolment.token;
  const refused = await enroll('hv1');
  expect([refused.status, faultOf(refused).message]).toEqual([
    409,
    'Host hv1 is enrolled already; "novella host enroll hv1 --replace" gives it a new token and revokes what it has.',
  ]);
  const second = (await enroll('hv1', { replace: true })).body.enrolment.token;
  const { enrolments } = world.store;
  expect(await enrolments.ofJoinToken(sha256OfToken(first))).toBeUndefined();
  expect(await enrolments.ofJoinToken(sha256OfToken(second))).toMatchObject({ revokedAt: null });
});

test('a connected host replaces its certificate; another one is refused, with what to do', async () => {
  const rotate = (name: string) => world.ask(`POST /novella/v1/hosts/${name}/certificate`, plain);
  expect((await rotate('hv1')).status).toBe(404);
  for (const name of ['hv1', 'hv2']) await enroll(name);
  const named = await world.ask('GET /novella/v1/hosts/enrolments?host=hv2', plain);
  expect(named.body.enrolments).toMatchObject([{ host: 'hv2' }]);
  expect((await rotate('hv1')).status).toBe(204);
  const refused = await rotate('hv2');
  expect([refused.status, faultOf(refused).message]).toEqual([
    409,
    'Host hv2 is not connected by a certificate, so it cannot replace one. "novella host enroll hv2 --replace" revokes its certificates and tokens and makes a new token.',
  ]);
});

test('the name of a host of the controller itself cannot be enrolled', async () => {
  const refused = await enroll('local-1', { replace: true });
  expect([refused.status, faultOf(refused).message]).toEqual([
    409,
    "Host local-1 runs in the controller's own process and needs no token; give the other host another name.",
  ]);
  expect(await world.store.enrolments.list()).toEqual([]);
});

test('a host that never linked is deleted with its token; its name can be enrolled again', async () => {
  await enroll('hv1');
  const forget = () => world.ask('DELETE /novella/v1/hosts/hv1', plain);
  expect((await forget()).status).toBe(204);
  const again = await forget();
  expect([again.status, faultOf(again).message]).toEqual([404, 'Host hv1 could not be found.']);
  expect((await enroll('hv1')).status).toBe(201);
});

test('a linked host cannot be deleted, not even when an operator has forced it down', async () => {
  const hostId = await aHost(world.store, []);
  const { generation } = (await world.store.hosts.get(hostId))!;
  await world.store.hosts.update({ hostId, generation, forcedDown: true });
  const close = world.context.links.opened(hostId);
  const forget = () => world.ask('DELETE /novella/v1/hosts/host-1', plain);
  const refused = await forget();
  expect([refused.status, faultOf(refused).message]).toEqual([
    409,
    'Host host-1 cannot be forgotten while it reports: stop its agent, and wait until the host is down.',
  ]);
  close();
  expect((await forget()).status).toBe(204);
  expect(await world.store.hosts.list()).toEqual([]);
});

test('a revoked host counts as silent at once', async () => {
  await world.activeServer();
  await enroll('host-1');
  expect(await world.ask('DELETE /novella/v1/hosts/host-1/enrolment', plain)).toMatchObject({
    status: 204,
  });
  const { body } = await world.ask('GET /novella/v1/hosts', plain);
  expect(body.hosts).toMatchObject([{ name: 'host-1', state: 'down' }]);
  const listed = await world.ask('GET /novella/v1/hosts/enrolments', plain);
  expect(listed.body.enrolments).toMatchObject([
    { host: 'host-1', revoked_at: expect.stringMatching(/^2026-/), link: null },
  ]);
});

test.each([
  {
    act: 'DELETE /novella/v1/hosts/hv9/enrolment',
    status: 404,
    expected: 'Host hv9 is not enrolled.',
  },
  {
    act: 'POST /novella/v1/hosts/hv9/enrolment',
    body: { valid_for: 59 },
    status: 400,
    expected: 'Invalid input for field/attribute valid_for. Value: 59.',
  },
  {
    act: 'POST /novella/v1/hosts/a%2Fb/enrolment',
    status: 400,
    expected: 'host name "a/b": use letters, digits, dots and hyphens',
  },
])('$act is refused', async ({ act, body = {}, status, expected }) => {
  const answer = await world.ask(act, { ...plain, body });
  expect([answer.status, faultOf(answer).message]).toEqual([
    status,
    expect.stringContaining(expected),
  ]);
});

test.each(['member', 'reader', 'service'])('a %s is refused every enrolment call', async (as) => {
  for (const act of [
    'POST hosts/hv1/enrolment',
    'DELETE hosts/hv1/enrolment',
    'GET hosts/enrolments',
  ]) {
    const answer = await world.ask(act.replace(' ', ' /novella/v1/'), { ...plain, as, body: {} });
    expect(answer.status).toBe(403);
  }
});

test('a plain HTTP request to the host-link URL gets an explanation', async () => {
  const { status, headers, body } = await world.ask('GET /novella/v1/host-link', {
    ...plain,
    as: null,
  });
  expect([status, headers['upgrade']]).toEqual([426, 'websocket']);
  expect(body.badRequest.message).toContain('docs/agents.md');
});

test('a host whose token was revoked has no last contact in any view', async () => {
  await enroll('hv1');
  await aHost(world.store, [], 'hv1');
  await world.ask('DELETE /novella/v1/hosts/hv1/enrolment', plain);
  const hosts = (await world.ask('GET /novella/v1/hosts', plain)).body.hosts;
  expect(hosts).toMatchObject([{ name: 'hv1', state: 'down', last_seen_at: null }]);
  const { services } = (await world.ask('GET /v2.1/os-services', plain)).body;
  expect(services).toMatchObject([{ host: 'hv1', state: 'down', updated_at: null }]);
  const zones = (await world.ask('GET /v2.1/os-availability-zone/detail', plain)).body;
  expect(zones.availabilityZoneInfo).toMatchObject([
    { hosts: { hv1: { 'nova-compute': { available: false, updated_at: null } } } },
  ]);
});
