/**
 * Tokens of a real Keystone that end before their time: users', our own, and all of them at once.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '#test/worlds/cloud.ts';
import { faultyProxy } from '#test/worlds/faulty-proxy.ts';
import { type Beside, besideOpenStack, cloudOf, sharedNetwork, uploadedImage } from './beside.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const cacheSeconds = 1;
let openstack: OpenStack;
let beside: Beside;
let network: string;
let image: string;

beforeAll(async () => {
  openstack = await startOpenStack();
  const admin = await cloudOf(openstack, 'admin');
  network = await sharedNetwork(admin, 303);
  image = await uploadedImage(admin, { visibility: 'public' });
  beside = await besideOpenStack(openstack, { token_cache_time: cacheSeconds });
});

afterAll(async () => {
  await beside?.stop();
  await openstack?.stop();
});

/** The caller revokes the token, which may be its own. */
async function revoke(token: string, asker: string): Promise<void> {
  const headers = { 'x-auth-token': asker, 'x-subject-token': token };
  const url = `${openstack.urls.keystone}/auth/tokens`;
  expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(204);
}

async function live(user: Cloud): Promise<void> {
  const port = await user.port(network, 'direct');
  const server = { name: 's', flavorRef: '1', imageRef: image, networks: [{ port }] };
  const { id } = (await user.ok('compute', 'POST', '/servers', { server })).server;
  await user.settled(id, 'ACTIVE');
  await user.ok('compute', 'DELETE', `/servers/${id}`);
  await user.gone(id);
}

test('a revoked token is refused once the cached answer expires', async () => {
  const alice = await beside.as('alice');
  const servers = async () => (await alice.send('compute', 'GET', '/servers')).status;
  expect(await servers()).toBe(200);
  const began = performance.now();
  await revoke(alice.session.token, alice.session.token);
  await expect.poll(servers, { interval: 50, timeout: 20_000 }).toBe(401);
  // Keystone's revocations count whole seconds, and the machine may be busy; by default it would
  // be a minute.
  expect(performance.now() - began).toBeLessThan((cacheSeconds + 10) * 1_000);
  await live(await beside.as('alice'));
});

/** Every token of this user until now; the user stays. */
async function revokeAllOf(name: keyof typeof openstack.people): Promise<void> {
  const { user } = openstack.people[name];
  for (const way of ['--disable', '--enable']) {
    await openstack.command('admin', 'user', 'set', way, user);
  }
  await isNewTokenGood(name);
}

/** Keystone's revocations count whole seconds: a token issued in the same one is refused too. */
async function isNewTokenGood(name: keyof typeof openstack.people): Promise<void> {
  const ask = async () => {
    const token = await openstack.token(name);
    const headers = { 'x-auth-token': token, 'x-subject-token': token };
    return (await fetch(`${openstack.urls.keystone}/auth/tokens`, { headers })).status;
  };
  await expect.poll(ask, { interval: 100, timeout: 20_000 }).toBe(200);
}

test('all tokens of the service user are revoked: the next call signs in again', async () => {
  const alice = await beside.as('alice');
  await live(alice);
  await revokeAllOf('service');
  await live(alice);
});

/** Stops Keystone, replaces its keys, and restarts it: no earlier token is valid. */
async function changeKeys(): Promise<void> {
  await openstack.kill('keystone');
  const folder = join(openstack.folder, 'fernet-keys');
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const name of ['0', '1']) writeFileSync(join(folder, name), fernetKey());
  await openstack.start('keystone');
}

/** 32 bytes, in the alphabet of URLs, with the padding. Source: the Fernet specification. */
function fernetKey(): string {
  return randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

test('Keystone restarts with other keys: a user who signs in again is served, one who does not is refused', async () => {
  const before = await beside.as('alice');
  await live(before);
  await changeKeys();
  const servers = async () => (await before.send('compute', 'GET', '/servers')).status;
  await expect.poll(servers, { interval: 50, timeout: 20_000 }).toBe(401);
  await live(await beside.as('alice'));
});

test('Keystone replaces its keys and Neutron drops its tokens while a port is being bound: the boot continues', async () => {
  let binds = 0;
  const proxy = await faultyProxy(openstack.urls.neutron, async ({ method }) => {
    if (method !== 'PUT' || ++binds > 1) return undefined;
    await changeKeys();
    await openstack.kill('neutron');
    await openstack.start('neutron');
    return undefined;
  });
  const behind = await besideOpenStack(openstack, { network_url: proxy.url });
  try {
    const alice = await behind.as('alice');
    const networks = [{ port: await alice.port(network, 'direct') }];
    const server = { name: 's', flavorRef: '1', imageRef: image, networks };
    const { id } = (await alice.ok('compute', 'POST', '/servers', { server })).server;
    await expect.poll(() => binds, { timeout: 60_000 }).toBe(2);
    const again = await behind.as('alice');
    await again.settled(id, 'ACTIVE');
    await again.ok('compute', 'DELETE', `/servers/${id}`);
    await again.gone(id);
  } finally {
    await behind.stop();
    await proxy.stop();
  }
});
