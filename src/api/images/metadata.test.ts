/** The metadata of images, over the embedded image service. */
import { makeImage } from '#test/images/make-image.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  projectId,
} from '#test/worlds/compute-world.ts';
import { type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let world: ComputeWorld;
let id: string;
beforeEach(async () => {
  cloud = await startEmbeddedCloud();
  world = await aComputeWorld({ images: cloud.image.service });
  const requested = { name: 'i', diskFormat: 'qcow2', minDiskGib: 0, sharedWith: null } as const;
  const properties = { os: 'linux', role: 'web' };
  const caller = world.callerOf('member');
  id = await makeImage(cloud.image.service, { ...requested, properties }, caller);
});
afterEach(async () => {
  await world.stop();
  await cloud.stop();
});

const ask = (
  method: string,
  below = '',
  { body, as = 'member', version = '2.38' }: { body?: object; as?: string; version?: string } = {},
) =>
  world.ask(`${method} /v2.1/images/${id}/metadata${below}`, {
    as,
    version,
    ...(body !== undefined && { body }),
  });

const metadata = async () => (await ask('GET', '', { as: 'reader' })).body.metadata;

test('metadata are read, all and by key', async () => {
  expect((await ask('GET')).body).toEqual({ metadata: { os: 'linux', role: 'web' } });
  expect((await ask('GET', '/os', { as: 'reader' })).body).toEqual({ meta: { os: 'linux' } });
  expect(faultOf(await ask('GET', '/absent'))).toMatchObject({
    code: 404,
    message: "Metadata item was not found: 'absent'",
  });
});

test('POST adds and changes, PUT replaces', async () => {
  const added = await ask('POST', '', { body: { metadata: { os: 'plan 9', more: '' } } });
  expect(added).toMatchObject({
    status: 200,
    body: { metadata: { os: 'plan 9', role: 'web', more: '' } },
  });
  const replaced = await ask('PUT', '', { body: { metadata: { role: 'db' } } });
  expect(replaced).toMatchObject({ status: 200, body: { metadata: { role: 'db' } } });
  expect(await metadata()).toEqual({ role: 'db' });
  expect((await ask('PUT', '', { body: { metadata: {} } })).status).toBe(200);
  expect(await metadata()).toEqual({});
});

test('an item is set and deleted', async () => {
  const set = await ask('PUT', '/os', { body: { meta: { os: 'plan 9' } } });
  expect(set).toMatchObject({ status: 200, body: { meta: { os: 'plan 9' } } });
  expect(await ask('DELETE', '/role')).toMatchObject({ status: 204, body: '' });
  expect(await metadata()).toEqual({ os: 'plan 9' });
  expect((await ask('DELETE', '/role')).status).toBe(404);
});

test('what only the image service sets stays when all else is replaced', async () => {
  const image = await cloud.image.service.showImage(id, world.callerOf('member'));
  const properties = { ...image.properties, os_glance_failed_import: 'file' };
  world.context.images.showImage = async () => ({ ...image, properties });
  expect((await ask('PUT', '', { body: { metadata: { role: 'db' } } })).status).toBe(200);
});

const long = 'x'.repeat(256);
test.each([
  { name: 'a key of 256 characters', body: { metadata: { [long]: 'v' } } },
  { name: 'an empty key', body: { metadata: { '': 'v' } } },
  { name: 'a value of 256 characters', body: { metadata: { key: long } } },
  { name: 'a number', body: { metadata: { key: 1 } } },
  { name: 'no metadata', body: {} },
  { name: 'another key beside it', body: { metadata: {}, more: {} } },
  { name: 'the name of a field', body: { metadata: { visibility: 'public' } } },
])('metadata with $name are refused', async ({ body }) => {
  for (const method of ['POST', 'PUT']) {
    expect(faultOf(await ask(method, '', { body }))).toMatchObject({ code: 400 });
  }
  expect(await metadata()).toEqual({ os: 'linux', role: 'web' });
});

test.each([
  { name: 'another key', meta: { role: 'db' } },
  { name: 'two keys', meta: { os: 'plan 9', role: 'db' } },
  { name: 'no key', meta: {} },
])('an item of $name than that of the path is refused', async ({ meta }) => {
  expect(faultOf(await ask('PUT', '/os', { body: { meta } }))).toMatchObject({ code: 400 });
  expect(await metadata()).toEqual({ os: 'linux', role: 'web' });
});

test('more items than the quota allows are refused', async () => {
  world.limits.set(projectId, { metadata_items: 2 });
  const refused = { name: 'forbidden', code: 403 };
  expect(faultOf(await ask('POST', '', { body: { metadata: { a: '1' } } }))).toMatchObject(refused);
  expect(faultOf(await ask('PUT', '/a', { body: { meta: { a: '1' } } }))).toMatchObject(refused);
  const three = { a: '1', b: '2', c: '3' };
  expect(faultOf(await ask('PUT', '', { body: { metadata: three } }))).toMatchObject(refused);
  expect(await metadata()).toEqual({ os: 'linux', role: 'web' });
  expect((await ask('PUT', '', { body: { metadata: { a: '1', b: '2' } } })).status).toBe(200);
});

const writes = [
  { method: 'POST', below: '', body: { metadata: { a: '1' } } },
  { method: 'PUT', below: '', body: { metadata: { a: '1' } } },
  { method: 'PUT', below: '/os', body: { meta: { os: '1' } } },
  { method: 'DELETE', below: '/os', body: undefined },
];

test('a reader changes nothing, and for another project the image is not there', async () => {
  for (const { method, below, body } of writes) {
    const call = { ...(body !== undefined && { body }) };
    expect((await ask(method, below, { ...call, as: 'reader' })).status).toBe(403);
    expect((await ask(method, below, { ...call, as: 'stranger' })).status).toBe(404);
  }
  expect((await ask('GET', '', { as: 'stranger' })).status).toBe(404);
  expect((await ask('GET', '/os', { as: 'stranger' })).status).toBe(404);
  expect(await metadata()).toEqual({ os: 'linux', role: 'web' });
});

test('metadata ended at 2.39, images before', async () => {
  for (const { method, below, body } of [
    ...writes,
    { method: 'GET', below: '', body: undefined },
    { method: 'GET', below: '/os', body: undefined },
  ]) {
    const call = { version: '2.39', ...(body !== undefined && { body }) };
    expect((await ask(method, below, call)).status).toBe(404);
  }
  expect(await metadata()).toEqual({ os: 'linux', role: 'web' });
});
