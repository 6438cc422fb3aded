/** Key pairs as users of the compute API meet them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  aComputeWorld,
  bootBody,
  type ComputeWorld,
  faultOf,
  imageId,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

const publicKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvdVCRFJXRfoDr25N0uW4ihtr03pq8dsXg0/IPbAAMd user@host';
const fingerprint = '66:c9:de:6f:de:a5:ce:ac:d4:bc:8d:b4:5b:81:ea:a8';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const post = (keypair: object, version = '2.79', as = 'member') =>
  world.ask('POST /v2.1/os-keypairs', { as, version, body: { keypair } });
const add = (name: string) => post({ name, public_key: publicKey });
const names = ({ body }: Awaited<ReturnType<typeof post>>) =>
  body.keypairs.map(({ keypair }: { keypair: { name: string } }) => keypair.name);

test('an imported key is listed and shown, and is gone once it is deleted', async () => {
  const made = await add('my key');
  const brief = { name: 'my key', public_key: publicKey, fingerprint, type: 'ssh' };
  expect([made.status, made.body]).toEqual([201, { keypair: { ...brief, user_id: 'user-1' } }]);
  const as = 'reader';
  const { body } = await world.ask('GET /v2.1/os-keypairs', { as });
  expect(body).toEqual({ keypairs: [{ keypair: brief }] });
  const shown = await world.ask('GET /v2.1/os-keypairs/my%20key', { as });
  expect(shown.body.keypair).toEqual({
    ...brief,
    user_id: 'user-1',
    id: 1,
    created_at: '2026-11-23T07:30:00.000000',
    deleted: false,
    deleted_at: null,
    updated_at: null,
  });
  expect((await world.ask('DELETE /v2.1/os-keypairs/my%20key', { as })).status).toBe(204);
  for (const method of ['GET', 'DELETE']) {
    expect(faultOf(await world.ask(`${method} /v2.1/os-keypairs/my%20key`, { as }))).toEqual({
      name: 'itemNotFound',
      code: 404,
      message: 'Keypair my key not found for user user-1',
    });
  }
});

test('a pair is generated where none is given; its private key is shown once', async () => {
  const { status, body } = await post({ name: 'made' });
  expect([status, Object.keys(body.keypair).toSorted()]).toEqual([
    201,
    ['fingerprint', 'name', 'private_key', 'public_key', 'type', 'user_id'],
  ]);
  expect(body.keypair.private_key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
  const shown = await world.ask('GET /v2.1/os-keypairs/made', { as: 'member' });
  expect(shown.body.keypair).not.toHaveProperty('private_key');
});

test('a certificate is generated, or imported, by the type', async () => {
  const { body } = await post({ name: 'made', type: 'x509' });
  expect(body.keypair).toMatchObject({
    type: 'x509',
    public_key: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
    fingerprint: expect.stringMatching(/^([0-9a-f]{2}:){19}[0-9a-f]{2}$/),
  });
  const { public_key: pem, fingerprint: known } = body.keypair;
  const again = await post({ name: 'again', type: 'x509', public_key: pem });
  expect(again.body.keypair.fingerprint).toBe(known);
});

test('2.1 knows no type, and answers 200 and 202', async () => {
  const made = await post({ name: 'old', public_key: publicKey }, '2.1');
  expect([made.status, made.body.keypair]).toEqual([
    200,
    { name: 'old', public_key: publicKey, fingerprint, user_id: 'user-1' },
  ]);
  const { body } = await world.ask('GET /v2.1/os-keypairs', { as: 'member', version: '2.1' });
  expect(body.keypairs[0].keypair).not.toHaveProperty('type');
  const removed = await world.ask('DELETE /v2.1/os-keypairs/old', { as: 'member', version: '2.1' });
  expect(removed.status).toBe(202);
});

test('from 2.92 on names may have more characters, and nothing is generated', async () => {
  const name = 'a@b.c';
  expect((await post({ name, public_key: publicKey }, '2.91')).status).toBe(400);
  expect((await post({ name, public_key: publicKey }, '2.92')).status).toBe(201);
  expect(faultOf(await post({ name: 'made' }, '2.92')).message).toContain(
    "'public_key' is a required property",
  );
});

test('pages follow the names, from 2.35 on', async () => {
  for (const name of ['c', 'a', 'b']) await add(name);
  const list = (query: string, version = '2.79') =>
    world.ask(`GET /v2.1/os-keypairs${query}`, { as: 'member', version });
  const first = await list('?limit=2');
  expect(names(first)).toEqual(['a', 'b']);
  expect(first.body.keypairs_links).toEqual([
    { rel: 'next', href: 'http://127.0.0.1:8774/v2.1/os-keypairs?limit=2&marker=b' },
  ]);
  const last = await list('?limit=2&marker=b');
  expect([names(last), last.body.keypairs_links]).toEqual([['c'], undefined]);
  expect(names(await list('?limit=1', '2.34'))).toEqual(['a', 'b', 'c']);
  expect(faultOf(await list('?marker=z'))).toMatchObject({ code: 400 });
  expect(faultOf(await list('?colour=red'))).toMatchObject({ code: 400 });
});

test('administrators handle the key pairs of others, from 2.10 on', async () => {
  const other = { name: 'theirs', public_key: publicKey, user_id: 'user-2' };
  expect((await post(other, '2.10', 'admin')).body.keypair.user_id).toBe('user-2');
  expect(faultOf(await post({ ...other, name: 'x' }))).toMatchObject({ code: 403 });
  expect(faultOf(await post(other, '2.9', 'admin'))).toMatchObject({ code: 400 });
  const of = (method: string, path: string, as: string, version = '2.10') =>
    world.ask(`${method} /v2.1/os-keypairs${path}?user_id=user-2`, { as, version });
  expect(names(await of('GET', '', 'admin'))).toEqual(['theirs']);
  expect(names(await of('GET', '', 'admin', '2.9'))).toEqual([]);
  expect((await of('GET', '/theirs', 'admin')).status).toBe(200);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/theirs'],
    ['DELETE', '/theirs'],
  ] as const) {
    expect((await of(method, path, 'member')).status).toBe(403);
  }
  expect((await of('DELETE', '/theirs', 'admin')).status).toBe(204);
});

test('a name is a user’s only once, and the quota counts for each user', async () => {
  world.limits.set(projectId, { key_pairs: 1 });
  await add('one');
  expect(faultOf(await add('two'))).toEqual({
    name: 'forbidden',
    code: 403,
    message: 'Quota exceeded, too many key pairs.',
  });
  world.limits.set(projectId, { key_pairs: 2 });
  expect(faultOf(await add('one'))).toEqual({
    name: 'conflictingRequest',
    code: 409,
    message: "Key pair 'one' already exists.",
  });
  world.limits.set(otherProjectId, { key_pairs: 1 });
  const elsewhere = await post({ name: 'two', public_key: publicKey }, '2.79', 'stranger');
  expect(elsewhere.status, 'of the same user').toBe(403);
  const { body } = await world.ask('GET /v2.1/limits', { as: 'member' });
  expect(body.limits.absolute.maxTotalKeypairs).toBe(2);
});

describe('a server', () => {
  const key = { type: 'ssh', publicKey };
  const idleServer = async (change: Parameters<ComputeWorld['activeServer']>[0]) => {
    const server = await world.activeServer(change);
    const task = await world.store.tasks.of(server.id);
    if (task !== undefined && !('problem' in task)) {
      await world.store.commit({ task, next: null });
    }
    return server;
  };

  test('keeps its key, whatever happens to the pair', async () => {
    await add('mine');
    const { body } = await world.ask('POST /v2.1/servers', {
      as: 'member',
      body: bootBody({ key_name: 'mine' }),
    });
    await world.ask('DELETE /v2.1/os-keypairs/mine', { as: 'member' });
    expect(await world.store.servers.get(body.server.id)).toMatchObject({ keyName: 'mine', key });
    const shown = await world.ask(`GET /v2.1/servers/${body.server.id}`, { as: 'member' });
    expect(shown.body.server.key_name).toBe('mine');
    const found = async (name: string) =>
      (await world.ask(`GET /v2.1/servers?key_name=${name}`)).body.servers.length;
    expect([await found('mine'), await found('other')]).toEqual([1, 0]);
  });

  test('gets another key and other user data with a rebuild', async () => {
    await add('mine');
    const server = await idleServer({ userData: 'b2xk' });
    const rebuild = (change: object, version: string) =>
      world.ask(`POST /v2.1/servers/${server.id}/action`, {
        as: 'member',
        version,
        body: { rebuild: { imageRef: imageId, ...change } },
      });
    for (const [change, version, expected] of [
      [{ key_name: 'mine' }, '2.53', "'key_name' was unexpected"],
      [{ key_name: 'none' }, '2.54', "Invalid key_name provided: no key pair 'none'"],
      [{ user_data: 'bmV3' }, '2.56', "'user_data' was unexpected"],
      [{ user_data: '#!' }, '2.57', 'user_data'],
    ] as const) {
      expect(faultOf(await rebuild(change, version)).message).toContain(expected);
    }
    const { status, body } = await rebuild({ key_name: 'mine', user_data: 'bmV3' }, '2.57');
    expect([status, body.server]).toMatchObject([202, { key_name: 'mine', user_data: 'bmV3' }]);
    expect(await world.store.servers.get(server.id)).toMatchObject({
      key,
      keyName: 'mine',
      userData: 'bmV3',
    });
  });

  test('loses both with null', async () => {
    const server = await idleServer({ userData: 'b2xk', keyName: 'k' });
    const { body } = await world.ask(`POST /v2.1/servers/${server.id}/action`, {
      body: { rebuild: { imageRef: imageId, key_name: null, user_data: null } },
    });
    expect(body.server).toMatchObject({ key_name: null, user_data: null });
  });
});
