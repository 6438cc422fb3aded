/** Lists, details and deletion of images, over the embedded image service. */
import { makeImage } from '#test/images/make-image.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let world: ComputeWorld;
beforeEach(async () => {
  cloud = await startEmbeddedCloud();
  world = await aComputeWorld({ images: cloud.image.service });
});
afterEach(async () => {
  await world.stop();
  await cloud.stop();
});

const serverId = '9a0b0c0d-0000-4000-8000-000000000001';
const unknownId = '00000000-0000-4000-8000-000000000000';

/** A second after the one before. */
async function anImage(
  name: string,
  { as = 'member', properties = {} }: { as?: string; properties?: Record<string, string> } = {},
): Promise<string> {
  cloud.time.now += 1_000;
  const requested = { name, diskFormat: 'qcow2', minDiskGib: 1, properties } as const;
  return makeImage(cloud.image.service, { ...requested, sharedWith: null }, world.callerOf(as));
}

const get = (path: string, as = 'reader') =>
  world.ask(`GET /v2.1/images${path}`, { as, version: '2.35' });

async function idsOf(query: string): Promise<string[]> {
  const { status, body } = await get(query);
  expect([status, body]).toEqual([200, expect.anything()]);
  return body.images.map(({ id }: { id: string }) => id);
}

test('an image is shown in Nova’s form, with the server that it was made from', async () => {
  const properties = { instance_uuid: serverId, auto_disk_config: 'True' };
  const id = await anImage('snap', { properties });
  const created = new Date(cloud.time.now).toISOString().replace('.000', '');
  cloud.time.now += 60_000;
  const updated = new Date(cloud.time.now).toISOString().replace('.000', '');
  async function* open() {
    yield Buffer.alloc(10);
  }
  await cloud.image.service.saveImage(id, { sizeBytes: 10, open });
  const links = [
    { rel: 'self', href: `http://127.0.0.1:8774/v2.1/images/${id}` },
    { rel: 'bookmark', href: `http://127.0.0.1:8774/images/${id}` },
    {
      rel: 'alternate',
      type: 'application/vnd.openstack.image',
      href: `http://127.0.0.1:9292/images/${id}`,
    },
  ];
  const image = {
    id,
    name: 'snap',
    links,
    minRam: 0,
    minDisk: 1,
    metadata: properties,
    created,
    updated,
    status: 'ACTIVE',
    progress: 100,
    'OS-EXT-IMG-SIZE:size': 10,
    'OS-DCF:diskConfig': 'AUTO',
    server: {
      id: serverId,
      links: [
        { rel: 'self', href: `http://127.0.0.1:8774/v2.1/servers/${serverId}` },
        { rel: 'bookmark', href: `http://127.0.0.1:8774/servers/${serverId}` },
      ],
    },
  };
  expect((await get(`/${id}`)).body).toEqual({ image });
  expect((await get('/detail')).body).toEqual({ images: [image] });
  expect((await get('')).body).toEqual({ images: [{ id, name: 'snap', links }] });
});

test('an image without bytes is being saved', async () => {
  const id = await anImage('later', { properties: { auto_disk_config: 'no' } });
  const { image } = (await get(`/${id}`)).body;
  expect(image).toMatchObject({
    status: 'SAVING',
    progress: 25,
    'OS-EXT-IMG-SIZE:size': 0,
    'OS-DCF:diskConfig': 'MANUAL',
  });
  expect(image).not.toHaveProperty('server');
});

test.each([
  { glance: 'saving', status: 'SAVING', progress: 50 },
  { glance: 'killed', status: 'ERROR', progress: 0 },
  { glance: 'deleted', status: 'DELETED', progress: 0 },
  { glance: 'pending_delete', status: 'DELETED', progress: 0 },
  { glance: 'deactivated', status: 'UNKNOWN', progress: 0 },
])('an image that is $glance there is $status here', async ({ glance, ...expected }) => {
  const shown = await cloud.image.service.showImage(await anImage('i'), world.callerOf('member'));
  world.context.images.showImage = async () => ({ ...shown, status: glance, name: null });
  const { image } = (await get(`/${shown.id}`)).body;
  expect(image).toMatchObject({ ...expected, name: null });
});

test('a list has the images that the filters admit, newest first', async () => {
  const old = await anImage('old', { properties: { image_type: 'snapshot', os: 'x' } });
  const since = new Date(cloud.time.now + 1_000).toISOString();
  const made = await anImage('made', {
    properties: { image_type: 'snapshot', instance_uuid: serverId },
  });
  const base = await anImage('base');
  await anImage('foreign', { as: 'stranger' });
  expect(await idsOf('')).toEqual([base, made, old]);
  expect(await idsOf('?name=made')).toEqual([made]);
  expect(await idsOf('?type=snapshot')).toEqual([made, old]);
  expect(await idsOf(`?server=${serverId}`)).toEqual([made]);
  expect(await idsOf(`?server=http://h:8774/v2.1/servers/${serverId}`)).toEqual([made]);
  expect(await idsOf('?property-os=x')).toEqual([old]);
  expect(await idsOf('?property-os=x&name=made')).toEqual([]);
  expect(await idsOf('?status=QUEUED')).toEqual([base, made, old]);
  expect(await idsOf('?status=ACTIVE')).toEqual([]);
  expect(await idsOf('?minDisk=1&minRam=0')).toEqual([base, made, old]);
  expect(await idsOf('?minDisk=2')).toEqual([]);
  expect(await idsOf('?minRam=1')).toEqual([]);
  expect(await idsOf(`?changes-since=${since}`)).toEqual([base, made]);
  expect(await idsOf('?colour=red&page_size=1')).toEqual([base, made, old]);
});

test('pages are linked', async () => {
  const ids = [await anImage('a'), await anImage('b'), await anImage('c')].toReversed();
  const first = (await get('/detail?limit=2&minDisk=1')).body;
  const href = `http://127.0.0.1:8774/v2.1/images/detail?limit=2&minDisk=1&marker=${ids[1]}`;
  expect(first.images_links).toEqual([{ rel: 'next', href }]);
  expect(await idsOf(`?limit=2&marker=${ids[1]}`)).toEqual(ids.slice(2));
  expect((await get(`?marker=${ids[1]}`)).body).not.toHaveProperty('images_links');
  expect(await idsOf('?limit=0')).toEqual(ids);
});

test.each([
  { query: 'limit=-1', names: 'limit' },
  { query: 'minRam=much', names: 'minRam' },
  { query: 'minDisk=-1', names: 'minDisk' },
  { query: 'changes-since=lately', names: 'changes-since' },
  { query: `marker=${unknownId}`, names: unknownId },
  { query: 'property-visibility=all', names: 'property-visibility' },
  { query: 'property-marker=x', names: 'property-marker' },
  { query: 'property-size_max=1', names: 'property-size_max' },
  { query: 'property-=x', names: 'property-' },
])('the query $query is refused by name', async ({ query, names }) => {
  const answer = await get(`?${query}`);
  expect(faultOf(answer)).toMatchObject({
    name: 'badRequest',
    message: expect.stringContaining(names),
  });
});

test('a member deletes an own image', async () => {
  const id = await anImage('short-lived');
  const drop = (as: string) => world.ask(`DELETE /v2.1/images/${id}`, { as, version: '2.35' });
  expect(faultOf(await drop('reader'))).toMatchObject({ name: 'forbidden', code: 403 });
  expect(faultOf(await drop('stranger'))).toMatchObject({ name: 'itemNotFound', code: 404 });
  expect(await drop('member')).toMatchObject({ status: 204, body: '' });
  expect((await drop('member')).status).toBe(404);
  expect((await get(`/${id}`)).status).toBe(404);
});

test('an image that belongs to the cloud is shown, but not deleted', async () => {
  const { id } = await cloud.image.ensureImage({ name: 'tiny', content: Buffer.alloc(10) });
  expect((await get(`/${id}`)).status).toBe(200);
  const answer = await world.ask(`DELETE /v2.1/images/${id}`, { as: 'member', version: '2.35' });
  expect(faultOf(answer)).toMatchObject({ name: 'forbidden', code: 403 });
  expect((await get(`/${id}`)).status).toBe(200);
});

test.each([unknownId, 'invalid', `${unknownId}1`, '-1', 'a%2Fb'])(
  'there is no image %s',
  async (id) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await world.ask(`${method} /v2.1/images/${id}`, { version: '2.35' });
      expect(faultOf(answer)).toMatchObject({ name: 'itemNotFound', code: 404 });
    }
  },
);

test('an image without an id is not there', async () => {
  const answer = await world.ask('DELETE /v2.1/images/', { version: '2.35' });
  expect(faultOf(answer)).toMatchObject({ name: 'itemNotFound', code: 404 });
});

test('images ended at 2.36', async () => {
  const id = await anImage('kept');
  for (const act of [
    'GET /images',
    'GET /images/detail',
    `GET /images/${id}`,
    `DELETE /images/${id}`,
  ]) {
    const answer = await world.ask(act.replace(' ', ' /v2.1'), { version: '2.36' });
    expect(faultOf(answer), `${act} in 2.36`).toMatchObject({ name: 'itemNotFound', code: 404 });
  }
  expect((await get(`/${id}`)).status).toBe(200);
});
