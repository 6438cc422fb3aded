/** Images shared between projects: members, tags, deactivated images, bytes during a deletion. */
import { renameSync } from 'node:fs';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listen } from '#http/listen.ts';
import {
  ask,
  demoPassword,
  type EmbeddedCloud,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let port: number;
let foreignToken: string;
let foreign: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud({
    users: [{ name: 'foreign', project: 'foreign', role: 'member' }],
  });
  foreignToken = await cloud.signIn('foreign', demoPassword, 'foreign');
  foreign = (await cloud.identity.service.validate(foreignToken)).projectId;
  port = await listen(cloud.image.app, 'image', '127.0.0.1', 0);
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.image.app, act, { token, ...(body !== undefined && { body }) });
const byForeign = (act: string, body?: unknown) => send(act, body, foreignToken);
const byAdmin = (act: string, body?: unknown) => send(act, body, cloud.adminToken);
const upload = (id: string, bytes: Uint8Array, token = cloud.demoToken) =>
  ask(cloud.image.app, `PUT /v2/images/${id}/file`, {
    token,
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
const base = { name: 'i', disk_format: 'raw', container_format: 'bare' };
const create = async (image: object = {}): Promise<string> =>
  (await send('POST /v2/images', { ...base, ...image })).body.id;
const statusOf = async (answer: ReturnType<typeof send>) => (await answer).status;

describe('members', () => {
  let id: string;
  let path: string;
  beforeEach(async () => {
    id = await create();
    path = `/v2/images/${id}/members`;
  });
  const sees = async () => {
    const list = (await byForeign(`GET /v2/images?id=${id}`)).body.images;
    return [await statusOf(byForeign(`GET /v2/images/${id}`)), list.length];
  };

  test('see the image once it is shared, and in lists once they accepted', async () => {
    await upload(id, Buffer.from('bytes'));
    expect(await sees()).toEqual([404, 0]);
    const added = await send(`POST ${path}`, { member: foreign });
    expect([added.status, added.body]).toEqual([
      200,
      {
        member_id: foreign,
        image_id: id,
        status: 'pending',
        created_at: '2026-11-23T07:15:00Z',
        updated_at: '2026-11-23T07:15:00Z',
        schema: '/v2/schemas/member',
      },
    ]);
    expect(await sees()).toEqual([200, 0]);
    const pending = await byForeign(`GET /v2/images?id=${id}&member_status=pending`);
    expect(pending.body.images).toHaveLength(1);
    const answer = { status: 'accepted', member: foreign };
    const accepted = await byForeign(`PUT ${path}/${foreign}`, answer);
    expect([accepted.status, accepted.body.status]).toEqual([200, 'accepted']);
    expect(await sees()).toEqual([200, 1]);
    expect((await byForeign(`GET /v2/images/${id}/file`)).body).toBe('bytes');
    const seen = await cloud.identity.service.validate(foreignToken);
    expect(await cloud.image.service.showImage(id, seen)).toMatchObject({ id });
    await byForeign(`PUT ${path}/${foreign}`, { status: 'rejected' });
    expect(await sees()).toEqual([200, 0]);
    expect(await statusOf(send(`DELETE ${path}/${foreign}`))).toBe(204);
    expect(await sees()).toEqual([404, 0]);
  });

  test('see only themselves, and change only their own status', async () => {
    for (const member of [foreign, 'p2']) await send(`POST ${path}`, { member });
    const membersFor = async (answer: ReturnType<typeof send>) =>
      (await answer).body.members.map(({ member_id: member }: { member_id: string }) => member);
    expect((await membersFor(send(`GET ${path}`))).toSorted()).toEqual([foreign, 'p2'].toSorted());
    expect(await membersFor(byForeign(`GET ${path}`))).toEqual([foreign]);
    expect(await membersFor(byAdmin(`GET ${path}`))).toHaveLength(2);
    expect(await statusOf(byForeign(`GET ${path}/${foreign}`))).toBe(200);
    expect(await statusOf(byForeign(`GET ${path}/p2`))).toBe(404);
    expect(await statusOf(byForeign(`PUT ${path}/p2`, { status: 'accepted' }))).toBe(404);
    expect(await statusOf(byForeign(`POST ${path}`, { member: 'p3' }))).toBe(403);
    expect(await statusOf(byForeign(`DELETE ${path}/${foreign}`))).toBe(403);
    expect(await statusOf(byForeign(`DELETE /v2/images/${id}`))).toBe(403);
    expect(await statusOf(upload(id, Buffer.from('x'), foreignToken))).toBe(403);
    const own = await send(`PUT ${path}/${foreign}`, { status: 'accepted' });
    expect([own.status, own.body.error.message]).toEqual([
      403,
      `status: only project ${foreign} or an admin may answer for it.`,
    ]);
    expect(await statusOf(byAdmin(`PUT ${path}/p2`, { status: 'accepted' }))).toBe(200);
  });

  test.each([
    [{}, 400],
    [{ member: '' }, 400],
    [{ member: 7 }, 400],
    [{ member: 'a\0' }, 400],
    [{ member: 'x'.repeat(256) }, 400],
    [{ member: 'p1', status: 'accepted' }, 400],
    [undefined, 400],
    [{ member: 'there' }, 409],
  ])('%j is refused with %i', async (body, status) => {
    await send(`POST ${path}`, { member: 'there' });
    expect(await statusOf(send(`POST ${path}`, body))).toBe(status);
  });

  test.each([
    {},
    { status: 'yes' },
    { status: 7 },
    { status: 'accepted', member: 'x' },
    { status: 'accepted', id: 'x' },
  ])('the status %j is refused', async (body) => {
    await send(`POST ${path}`, { member: foreign });
    expect(await statusOf(byForeign(`PUT ${path}/${foreign}`, body))).toBe(400);
  });

  test('are at most 128', async () => {
    const members = Array.from({ length: 129 }, (_, at) => `p${at}`);
    const added = await Promise.all(members.map((member) => send(`POST ${path}`, { member })));
    expect(added.filter(({ status }) => status === 200)).toHaveLength(128);
    expect(added.at(-1)?.body.error).toMatchObject({
      code: 413,
      message: expect.stringContaining('members of an image. Attempted: 129, Maximum: 128'),
    });
  });

  test.each(['public', 'private', 'community'])('belong to no %s image', async (visibility) => {
    const { body: other } = await byAdmin('POST /v2/images', { ...base, visibility });
    const refused = await byAdmin(`POST /v2/images/${other.id}/members`, { member: 'p1' });
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      `Only shared images have members: image ${other.id} is ${visibility}.`,
    ]);
    expect(await statusOf(byAdmin(`GET /v2/images/${other.id}/members`))).toBe(403);
    expect(await statusOf(byAdmin(`GET /v2/images/${other.id}/members/p1`))).toBe(404);
    const members = await byForeign(`GET /v2/images/${other.id}/members`);
    expect(members.status).toBe(visibility === 'private' ? 404 : 403);
  });

  test('of a private image see nothing of it', async () => {
    await send(`POST ${path}`, { member: foreign });
    const hide = [{ op: 'replace', path: '/visibility', value: 'private' }];
    const type = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
    await ask(cloud.image.app, `PATCH /v2/images/${id}`, {
      token: cloud.demoToken,
      body: hide,
      headers: type,
    });
    expect(await sees()).toEqual([404, 0]);
  });
});

describe('tags as paths', () => {
  test('are set and removed one by one, also concurrently', async () => {
    const id = await create();
    const tagged = ['a', 'b%2Fc', '%E5%90%8D', 'a'].map((tag) =>
      statusOf(send(`PUT /v2/images/${id}/tags/${tag}`)),
    );
    expect(await Promise.all(tagged)).toEqual([204, 204, 204, 204]);
    const tags = async () => (await send(`GET /v2/images/${id}`)).body.tags;
    expect((await tags()).toSorted()).toEqual(['a', 'b/c', '名']);
    expect(await statusOf(send(`DELETE /v2/images/${id}/tags/a`))).toBe(204);
    expect(await statusOf(send(`DELETE /v2/images/${id}/tags/a`))).toBe(404);
    expect((await tags()).toSorted()).toEqual(['b/c', '名']);
  });

  test('are refused as in a patch', async () => {
    const id = await create({ tags: Array.from({ length: 128 }, (_, at) => `t${at}`) });
    expect(await statusOf(send(`PUT /v2/images/${id}/tags/t1`))).toBe(204);
    expect(await statusOf(send(`PUT /v2/images/${id}/tags/more`))).toBe(413);
    const other = await create();
    expect(await statusOf(send(`PUT /v2/images/${other}/tags/${'x'.repeat(256)}`))).toBe(400);
    expect(await statusOf(send(`PUT /v2/images/${other}/tags/%00`))).toBe(400);
    expect(await statusOf(byForeign(`PUT /v2/images/${other}/tags/x`))).toBe(404);
    expect(await statusOf(send('PUT /v2/images/nosuch/tags/x'))).toBe(404);
  });
});

describe('a deactivated image', () => {
  test('gives its bytes to admins only, and is active again once reactivated', async () => {
    const id = await create();
    const act = (name: string, by = send) => statusOf(by(`POST /v2/images/${id}/actions/${name}`));
    const refused = await send(`POST /v2/images/${id}/actions/deactivate`);
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      `Not allowed to deactivate image ${id} in status 'queued'`,
    ]);
    await upload(id, Buffer.from('bytes'));
    expect(await act('reactivate')).toBe(204);
    expect(await act('deactivate', byForeign)).toBe(404);
    expect([await act('deactivate'), await act('deactivate')]).toEqual([204, 204]);
    expect((await send(`GET /v2/images/${id}`)).body.status).toBe('deactivated');
    expect(await statusOf(send(`GET /v2/images/${id}/file`))).toBe(403);
    expect((await byAdmin(`GET /v2/images/${id}/file`)).body).toBe('bytes');
    expect((await upload(id, Buffer.from('x'))).status).toBe(409);
    await expect(cloud.image.service.openImage(id)).rejects.toMatchObject({
      kind: 'conflict',
      message: `Image ${id} cannot be downloaded: it is deactivated`,
    });
    expect(await act('reactivate')).toBe(204);
    expect((await send(`GET /v2/images/${id}/file`)).body).toBe('bytes');
    expect(await act('nosuch')).toBe(404);
  });

  test('of the cloud stays deactivated at the next start', async () => {
    const content = Buffer.from('tiny');
    const { id } = await cloud.image.ensureImage({ name: 'tiny', content });
    await byAdmin(`POST /v2/images/${id}/actions/deactivate`);
    expect(await cloud.image.ensureImage({ name: 'tiny', content })).toMatchObject({
      id,
      status: 'deactivated',
    });
  });
});

describe('bytes', () => {
  const bytes = Buffer.from('0123456789');
  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
  ])('%s gives %i %s', async (range, status, body, contentRange) => {
    const id = await create();
    await upload(id, bytes);
    const answer = await ask(cloud.image.app, `GET /v2/images/${id}/file`, {
      token: cloud.demoToken,
      headers: { range },
    });
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ]);
    expect(answer.headers['content-length']).toBe(String(body.length));
    expect(answer.headers).not.toHaveProperty('content-md5');
  });

  test('outside of the image are 416, several ranges 400', async () => {
    const id = await create();
    await upload(id, bytes);
    const statusWith = async (range: string) => {
      const options = { token: cloud.demoToken, headers: { range } };
      return (await ask(cloud.image.app, `GET /v2/images/${id}/file`, options)).status;
    };
    expect(await Promise.all(['bytes=10-', 'x', 'bytes=1-2,4-5'].map(statusWith))).toEqual([
      416, 416, 400,
    ]);
  });

  test('are described by HEAD without being read', async () => {
    const id = await create();
    await upload(id, bytes);
    renameSync(`${cloud.imageFolder}/${id}`, `${cloud.imageFolder}/${id}.away`);
    const head = await send(`HEAD /v2/images/${id}/file`);
    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '10', '']);
    const gone = await send(`GET /v2/images/${id}/file`);
    expect([gone.status, gone.body.error.message]).toEqual([
      503,
      `The bytes of image ${id} are not in the state directory any more: delete the image and upload it again.`,
    ]);
    expect(await statusOf(send(`DELETE /v2/images/${id}`))).toBe(204);
  });

  test('are sent to the end when the image is deleted during the download', async () => {
    const id = await create();
    const size = 16 * 1024 ** 2;
    await upload(id, Buffer.alloc(size, 7));
    const headers = { 'x-auth-token': cloud.demoToken };
    const path = `/v2/images/${id}/file`;
    const asking = get({ port, host: '127.0.0.1', path, headers });
    const [reply] = (await once(asking, 'response')) as [IncomingMessage];
    expect(await statusOf(send(`DELETE /v2/images/${id}`))).toBe(204);
    expect(await statusOf(send(`GET /v2/images/${id}/file`))).toBe(404);
    let length = 0;
    for await (const part of reply) length += (part as Buffer).length;
    expect(length).toBe(size);
  });

  test('of another project’s image are neither uploaded nor downloaded', async () => {
    const id = await create({ visibility: 'private' });
    expect((await upload(id, bytes, foreignToken)).status).toBe(404);
    await upload(id, bytes);
    expect(await statusOf(byForeign(`GET /v2/images/${id}/file`))).toBe(404);
    expect((await upload(id, bytes)).status).toBe(409);
    expect((await send(`GET /v2/images/${id}/file`)).body).toBe('0123456789');
  });
});
