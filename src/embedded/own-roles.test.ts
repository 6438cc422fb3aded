/** An administrator by a rule of the compute API is none in the embedded services. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '#contracts/services/identity.ts';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let demo: Caller;
let byRule: Caller;
let byRole: Caller;

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  demo = await cloud.identity.service.validate(cloud.demoToken);
  byRule = { ...demo, projectId: 'another', isAdmin: true };
  byRole = { ...demo, projectId: 'another', isAdmin: false, roles: ['admin'] };
});
afterAll(() => cloud.stop());

test('network: only the role opens the network of another project', async () => {
  const body = { network: { name: 'own' } };
  const made = await ask(cloud.network.app, 'POST /v2.0/networks', {
    token: cloud.demoToken,
    body,
  });
  const { id } = made.body.network;
  const find = (caller: Caller) => cloud.network.service.findNetwork(id, caller);
  await expect(find(byRule)).rejects.toMatchObject({ kind: 'notFound' });
  expect(await find(byRole)).toMatchObject({ id });
});

test('image: only the role opens the image of another project', async () => {
  const body = { name: 'own', disk_format: 'raw', container_format: 'bare' };
  const made = await ask(cloud.image.app, 'POST /v2/images', { token: cloud.demoToken, body });
  const { id } = made.body;
  const show = (caller: Caller) => cloud.image.service.showImage(id, caller);
  await expect(show(byRule)).rejects.toMatchObject({ kind: 'notFound' });
  expect(await show(byRole)).toMatchObject({ id });
});
