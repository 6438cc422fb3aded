import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listen } from '#http/listen.ts';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.adminToken) =>
  ask(cloud.image.app, act, { token, ...(body !== undefined && { body }) });
const base = { name: 'tiny', disk_format: 'raw', container_format: 'bare' };
const create = async (requested: object = {}, token?: string) =>
  (await send('POST /v2/images', { ...base, ...requested }, token)).body;
const upload = (id: string, bytes: Uint8Array, token = cloud.adminToken) =>
  ask(cloud.image.app, `PUT /v2/images/${id}/file`, {
    token,
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
const patch = (id: string, changes: unknown, token = cloud.adminToken, minor = 1) =>
  ask(cloud.image.app, `PATCH /v2/images/${id}`, {
    token,
    body: changes,
    headers: { 'content-type': `application/openstack-images-v2.${minor}-json-patch` },
  });

const bytes = new Uint8Array(100_000).fill(7);
const sha512 = createHash('sha512').update(bytes).digest('hex');

describe('the bytes of an image', () => {
  test('are uploaded once, measured, and downloaded unchanged', async () => {
    const { id, status, size } = await create();
    expect([status, size]).toEqual(['queued', null]);
    expect((await upload(id, bytes)).status).toBe(204);
    expect((await send(`GET /v2/images/${id}`)).body).toMatchObject({
      status: 'active',
      size: 100_000,
      virtual_size: 100_000,
      checksum: createHash('md5').update(bytes).digest('hex'),
      os_hash_algo: 'sha512',
      os_hash_value: sha512,
    });
    const down = await send(`GET /v2/images/${id}/file`);
    expect(down.headers['content-length']).toBe('100000');
    expect(down.body).toBe(Buffer.from(bytes).toString());
    const again = await upload(id, bytes);
    expect([again.status, again.body.error.message]).toEqual([
      409,
      `Image ${id} is not queued: it has its bytes already, or is getting them`,
    ]);
    expect(readdirSync(cloud.imageFolder)).toEqual([id]);
    expect((await send(`DELETE /v2/images/${id}`)).status).toBe(204);
    expect(readdirSync(cloud.imageFolder)).toEqual([]);
  });

  test('cannot be downloaded before the upload, nor uploaded before the formats are set', async () => {
    const { id } = await create({ disk_format: null, container_format: null });
    const down = await send(`GET /v2/images/${id}/file`);
    expect([down.status, down.body]).toEqual([204, '']);
    const up = await upload(id, bytes);
    expect([up.status, up.body.error.message]).toEqual([
      400,
      `disk_format, container_format: must be set before the bytes of image ${id} are sent`,
    ]);
    const typed = await send(`PUT /v2/images/${id}/file`, { a: 1 });
    expect([typed.status, typed.body.error.message]).toEqual([
      415,
      "Content-Type: 'application/json': must be application/octet-stream",
    ]);
    await send(`DELETE /v2/images/${id}`);
  });

  test('that break off leave the image queued and no file behind', async () => {
    const { id } = await create();
    const port = await listen(cloud.image.app, 'image', '127.0.0.1', 0);
    const headers = {
      'x-auth-token': cloud.adminToken,
      'content-type': 'application/octet-stream',
      'content-length': '1000',
    };
    const path = `/v2/images/${id}/file`;
    const sending = request({ port, host: '127.0.0.1', method: 'PUT', path, headers });
    sending.on('error', () => {});
    sending.write(new Uint8Array(10));
    const statusOf = async () => (await send(`GET /v2/images/${id}`)).body.status;
    await vi.waitUntil(async () => (await statusOf()) === 'saving', { timeout: 5000 });
    sending.destroy();
    await vi.waitUntil(async () => (await statusOf()) === 'queued', { timeout: 5000 });
    expect(readdirSync(cloud.imageFolder)).toEqual([]);
    expect((await upload(id, bytes)).status).toBe(204);
    await send(`DELETE /v2/images/${id}`);
  });
});

describe('visibility and changes', () => {
  test('a member sees its own and public images, and changes only its own', async () => {
    const shown = await create({ name: 'open', visibility: 'public' });
    const hidden = await create({ name: 'closed', visibility: 'private' });
    const own = await create({ name: 'mine' }, cloud.demoToken);
    const list = await send('GET /v2/images?sort=name:asc', undefined, cloud.demoToken);
    expect(list.body.images.map((image: { name: string }) => image.name)).toEqual(['mine', 'open']);
    const foreign = await send(`GET /v2/images/${hidden.id}`, undefined, cloud.demoToken);
    expect([foreign.status, foreign.body.error.message]).toEqual([
      404,
      `No image found with ID ${hidden.id}`,
    ]);
    const remove = await send(`DELETE /v2/images/${shown.id}`, undefined, cloud.demoToken);
    expect(remove.status).toBe(403);
    const publish = [{ op: 'replace', path: '/visibility', value: 'public' }];
    const published = await patch(own.id, publish, cloud.demoToken);
    expect([published.status, published.body.error.message]).toEqual([
      403,
      "visibility: 'public' may be set only with the role admin.",
    ]);
    for (const { id } of [shown, hidden, own]) await send(`DELETE /v2/images/${id}`);
  });
});

describe('changes', () => {
  test('both patch forms set, add and remove', async () => {
    const { id } = await create({ hw_vif_model: 'virtio' });
    const newForm = await patch(id, [
      { op: 'replace', path: '/name', value: 'renamed' },
      { op: 'add', path: '/os_distro', value: 'debian' },
      { op: 'remove', path: '/hw_vif_model' },
      { op: 'replace', path: '/tags', value: ['a', 'a'] },
    ]);
    expect(newForm.status).toBe(200);
    expect(newForm.body).toMatchObject({ name: 'renamed', os_distro: 'debian', tags: ['a'] });
    expect(newForm.body).not.toHaveProperty('hw_vif_model');
    const oldForm = await patch(id, [{ replace: '/name', value: 'old form' }], undefined, 0);
    expect(oldForm.body.name).toBe('old form');
    await send(`DELETE /v2/images/${id}`);
  });

  test('a protected image stays until it is no longer protected', async () => {
    const { id } = await create({ protected: true });
    const refused = await send(`DELETE /v2/images/${id}`);
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      `Image ${id} is protected and cannot be deleted: set protected to false first.`,
    ]);
    await patch(id, [{ op: 'replace', path: '/protected', value: false }]);
    expect((await send(`DELETE /v2/images/${id}`)).status).toBe(204);
  });

  const refusals = [
    { name: 'no list', given: {}, gives: [400, 'body: a patch is a list of changes'] },
    {
      name: 'an unknown operation',
      given: [{ op: 'move', path: '/name' }],
      gives: [400, 'body[0].op: "move" is not an operation: must be one of add, replace, remove'],
    },
    {
      name: 'a path into a property',
      given: [{ op: 'add', path: '/tags/0', value: 'x' }],
      gives: [400, 'body[0].path: "/tags/0" is not a property of an image, such as /name'],
    },
    {
      name: 'a replacement without value',
      given: [{ op: 'replace', path: '/name' }],
      gives: [400, 'body[0].value: missing: replace needs one'],
    },
    {
      name: 'an unknown property',
      given: [{ op: 'remove', path: '/nope' }],
      gives: [409, 'body[0]: Property nope does not exist.'],
    },
    {
      name: 'a key that only the service sets',
      given: [{ op: 'replace', path: '/status', value: 'active' }],
      gives: [403, "status: Attribute 'status' is read-only."],
    },
    {
      name: 'a property that is a number',
      given: [{ op: 'add', path: '/cores', value: 4 }],
      gives: [400, 'cores: 4 is not allowed: must be string'],
    },
  ];
  for (const { name, given, gives } of refusals) {
    test(`refuses ${name}`, async () => {
      const { id } = await create();
      const { status, body } = await patch(id, given);
      expect([status, body.error.message]).toEqual(gives);
      await send(`DELETE /v2/images/${id}`);
    });
  }
});

describe('bad input', () => {
  const rows = [
    {
      name: 'an unknown disk format',
      given: { disk_format: 'floppy' },
      gives: [
        400,
        'disk_format: "floppy" is not allowed: must be one of ami, ari, aki, vhd, vhdx, vmdk, raw, qcow2, vdi, iso, ploop or must be null',
      ],
    },
    {
      name: 'a negative size',
      given: { min_disk: -1 },
      gives: [400, 'min_disk: -1 is not allowed: must be >= 0'],
    },
  ];
  for (const { name, given, gives } of rows) {
    test(`refuses ${name}`, async () => {
      const { status, body } = await send('POST /v2/images', { ...base, ...given });
      expect([status, body.error.message]).toEqual(gives);
    });
  }

  test('refuses invalid JSON, in a patch too', async () => {
    for (const answer of [await send('POST /v2/images', '{'), await patch('any', '[')]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toMatch(/^The request body is not valid JSON: /);
    }
  });
});

describe('in this process', () => {
  test('an initial image is created once, listed, and its bytes are available to hosts', async () => {
    const { service } = cloud.image;
    const image = await cloud.image.ensureImage({ name: 'start', content: bytes });
    expect(await cloud.image.ensureImage({ name: 'start', content: bytes })).toEqual(image);
    const demo = await cloud.identity.service.validate(cloud.demoToken);
    expect(await service.showImage(image.id, demo)).toMatchObject({
      name: 'start',
      status: 'active',
      diskFormat: 'raw',
      sizeBytes: 100_000,
    });
    const open = await service.openImage(image.id);
    expect(open).toMatchObject({ sizeBytes: 100_000, sha512 });
    const parts = [];
    for await (const part of open.bytes) parts.push(part);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    await expect(service.openImage('nope')).rejects.toMatchObject({ kind: 'notFound' });
  });
});

describe('other routes', () => {
  test('the root lists versions with status 300; schemas exist', async () => {
    const { status, body } = await ask(cloud.image.app, 'GET /');
    expect([status, body.versions[0].status]).toEqual([300, 'CURRENT']);
    expect((await send('GET /v2/schemas/image')).body.name).toBe('image');
  });

  test('a missing resource is answered with 404', async () => {
    const staged = await send('PUT /v2/images/i1/stage');
    expect([staged.status, staged.body.error.message]).toEqual([
      501,
      'image import: PUT /v2/images/i1/stage is not offered by the embedded image service; a real Glance has it.',
    ]);
    expect((await send('GET /v3/images')).status).toBe(404);
    expect((await ask(cloud.image.app, 'GET /v2/images')).status).toBe(401);
  });
});

test.each([2 ** 31, 2 ** 53 + 2, 2 ** 63, 1e308, -1, 0.5, '1'])(
  'min_disk and min_ram: %j is refused by POST and PATCH',
  async (number) => {
    const made = await ask(cloud.image.app, 'POST /v2/images', {
      token: cloud.demoToken,
      body: {},
    });
    for (const key of ['min_disk', 'min_ram']) {
      const answer = await ask(cloud.image.app, 'POST /v2/images', {
        token: cloud.demoToken,
        body: { [key]: number },
      });
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toContain(key);
      const patched = await ask(cloud.image.app, `PATCH /v2/images/${made.body.id}`, {
        token: cloud.demoToken,
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
        body: [{ op: 'replace', path: `/${key}`, value: number }],
      });
      expect(patched.status).toBe(400);
    }
  },
);
