/** Tokens of a real Keystone that end before their time: users', our own, and all of them at once. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '#test/cloud.ts';
import { connectOpenStack } from '#integrations/openstack/connect.ts';
import { type Beside, besideOpenStack, cloudOf, sharedNetwork, uploadedImage } from './beside.ts';
import { type OpenStack, startOpenStack } from './openstack.ts';

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
  beside = await besideOpenStack(openstack, { token_cache_seconds: cacheSeconds });
});

afterAll(async () => {
  await beside?.stop();
  await openstack?.stop();
});

/** Who asks revokes the token, which may be its own. */
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

test('a revoked token counts no more once what is remembered of it is old', async () => {
  const alice = await beside.as('alice');
  const servers = async () => (await alice.send('compute', 'GET', '/servers')).status;
  expect(await servers()).toBe(200);
  const began = performance.now();
  await revoke(alice.session.token, alice.session.token);
  await expect.poll(servers, { interval: 50, timeout: 20_000 }).toBe(401);
  // Keystone's revocations count whole seconds, so it may take one more.
  expect(performance.now() - began).toBeLessThan((cacheSeconds + 2) * 1_000);
  await live(await beside.as('alice'));
});

/** A client with the tokens that it has shown until now. */
async function watched() {
  const { user, password, project } = openstack.people.service;
  const shown: string[] = [];
  const client = connectOpenStack({
    authUrl: openstack.urls.keystone,
    user: {
      username: user,
      password,
      projectName: project,
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
    clock: { now: Date.now },
    tokenCacheMs: 0,
  });
  return { client, shown };
}

test('all tokens of the service user are revoked at once: the next call signs in anew', async () => {
  await live(await beside.as('alice'));
  const admin = await openstack.token('admin');
  await revokeAllOf('service', admin);
  await live(await beside.as('alice'));
});
