/**
 * Quotas of images: counted when images are created, and while bytes arrive; and the disk space.
 */
import { once } from 'node:events';
import { readdirSync, statSync, symlinkSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { listen } from '#http/listen.ts';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

const mib = 1024 ** 2;
const disk = { freeBytes: 100 * mib, diskBytes: 160 * mib };
const limits = { images: 3, image_size: 2, image_storage: 3 };

let cloud: EmbeddedCloud;
let project: string;
let port: number;
beforeAll(async () => {
  cloud = await startEmbeddedCloud({ limits, space: async () => disk });
  project = (await cloud.identity.service.validate(cloud.demoToken)).projectId;
  port = await listen(cloud.image.app, 'image', '127.0.0.1', 0);
});
afterEach(async () => {
  disk.freeBytes = 100 * mib;
  const { images } = (await send('GET /v2/images', undefined, cloud.adminToken)).body;
  for (const { id } of images) await send(`DELETE /v2/images/${id}`, undefined, cloud.adminToken);
});
afterAll(() => cloud.stop());

const base = { name: 'a', disk_format: 'raw', container_format: 'bare' };
const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.image.app, act, { token, ...(body !== undefined && { body }) });
const create = async (token?: string): Promise<string> =>
  (await send('POST /v2/images', base, token)).body.id;
const upload = (id: string, size: number, token = cloud.demoToken) =>
  ask(cloud.image.app, `PUT /v2/images/${id}/file`, {
    token,
    body: Buffer.alloc(size),
    headers: { 'content-type': 'application/octet-stream' },
  });
const statusOf = async (id: string): Promise<string> =>
  (await send(`GET /v2/images/${id}`, undefined, cloud.adminToken)).body.status;
const files = (): string[] => readdirSync(cloud.imageFolder).toSorted();

/** One upload over a connection of its own; `send` and `end` are the test's. */
function open(id: string, announced?: number) {
  const sending = request({
    port,
    host: '127.0.0.1',
    method: 'PUT',
    path: `/v2/images/${id}/file`,
    headers: {
      'x-auth-token': cloud.demoToken,
      'content-type': 'application/octet-stream',
      ...(announced !== undefined && { 'content-length': announced }),
    },
  });
  sending.on('error', () => {});
  sending.flushHeaders();
  const answered = async () => {
    const [reply] = (await once(sending, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of reply) text += String(part);
    const message = text === '' ? '' : JSON.parse(text).error.message;
    return { status: reply.statusCode, message };
  };
  const answer = answered();
  return { sending, answer };
}

describe('the number of images', () => {
  test('is limited, also for concurrent requests; deleted ones no longer count', async () => {
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => send('POST /v2/images', base)));
    expect(made.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 201, 201, 413, 413,
    ]);
    expect(made.find(({ status }) => status === 413)?.body.error).toEqual({
      code: 413,
      title: 'Request Entity Too Large',
      message: `Quota exceeded for images: project ${project} has 3 of 3 images and asks for 1 more.`,
    });
    const { id } = made.find(({ status }) => status === 201)?.body ?? {};
    await send(`DELETE /v2/images/${id}`);
    expect((await send('POST /v2/images', base)).status).toBe(201);
  });

  test('does not count those of the cloud', async () => {
    for (const name of ['tiny', 'a', 'b', 'c', 'd']) {
      await cloud.image.ensureImage({ name, content: Buffer.alloc(4 * mib) });
    }
    expect((await send('POST /v2/images', base)).status).toBe(201);
  });
});

describe('the size of an image', () => {
  test('is refused by its Content-Length before a byte is sent', async () => {
    const id = await create();
    const { answer, sending } = open(id, 2 * mib + 1);
    expect(await answer).toEqual({
      status: 413,
      message: `The incoming image is too large: Quota exceeded for image_size: image ${id} has 2097153 bytes or more, and one image may have 2 MiB (2097152 bytes).`,
    });
    sending.destroy();
    expect([await statusOf(id), files()]).toEqual(['queued', []]);
  });

  test('is counted while unannounced bytes arrive', async () => {
    const id = await create();
    const { answer, sending } = open(id);
    sending.write(Buffer.alloc(2 * mib));
    sending.write(Buffer.alloc(1));
    expect(await answer).toMatchObject({
      status: 413,
      message: expect.stringContaining('image_size'),
    });
    sending.destroy();
    expect([await statusOf(id), files()]).toEqual(['queued', []]);
    expect((await upload(id, 2 * mib)).status).toBe(204);
  });
});

describe('the bytes of a project', () => {
  test('are the sum of its images', async () => {
    const [one, two] = [await create(), await create()];
    expect((await upload(one, 2 * mib)).status).toBe(204);
    const refused = await upload(two, mib + 1);
    expect([refused.status, refused.body.error.message]).toEqual([
      413,
      `Image exceeds the storage quota: Quota exceeded for image_storage: image ${two} has 1048577 bytes or more, and the other images of project ${project} have 2097152 bytes of 3 MiB (3145728 bytes).`,
    ]);
    expect([await statusOf(two), files()]).toEqual(['queued', [one]]);
    await send(`DELETE /v2/images/${one}`);
    expect((await upload(two, mib + 1)).status).toBe(204);
  });

  test('are not exceeded by two concurrent uploads, announced', async () => {
    const ids = [await create(), await create()];
    const uploads = ids.map((id) => open(id, 2 * mib));
    const refused = await Promise.race(uploads.map(({ answer }) => answer));
    expect(refused).toMatchObject({ status: 413, message: expect.stringContaining(' 2097152 ') });
    for (const { sending } of uploads) sending.end(Buffer.alloc(2 * mib));
    await vi.waitUntil(async () => (await Promise.all(ids.map(statusOf))).includes('active'));
    expect((await Promise.all(ids.map(statusOf))).toSorted()).toEqual(['active', 'queued']);
  });

  test('are not exceeded by two concurrent uploads without an announced length', async () => {
    const [one, two] = [await create(), await create()];
    const first = open(one);
    first.sending.write(Buffer.alloc(2 * mib - 1));
    const part = `${cloud.imageFolder}/${one}.part`;
    const written = () => statSync(part, { throwIfNoEntry: false })?.size;
    await vi.waitUntil(() => written() === 2 * mib - 1);
    const second = open(two);
    second.sending.write(Buffer.alloc(2 * mib));
    expect(await second.answer).toMatchObject({
      status: 413,
      message: expect.stringContaining('image_storage'),
    });
    first.sending.end();
    expect((await first.answer).status).toBe(204);
    expect(files()).toEqual([one]);
  });

  test('count for the project of the image, also when an admin sends them', async () => {
    const own = await create();
    const refused = await upload(own, 2 * mib + 1, cloud.adminToken);
    expect([refused.status, refused.body.error.message]).toEqual([
      413,
      expect.stringContaining('image_size'),
    ]);
  });
});

describe('the disk', () => {
  const expected = (id: string) =>
    `Image storage media is full: there is no room for image ${id}. An administrator can make room on the disk of the state directory.`;

  test('keeps a sixteenth for the database', async () => {
    disk.freeBytes = 11 * mib;
    const id = await create();
    const refused = await upload(id, mib + 1);
    expect([refused.status, refused.body.error.message]).toEqual([413, expected(id)]);
    expect([await statusOf(id), files()]).toEqual(['queued', []]);
    expect((await upload(id, mib)).status).toBe(204);
    disk.freeBytes = 0;
    await cloud.image.ensureImage({ name: 'tiny', content: Buffer.alloc(65_536) });
  });

  test('may be full before an announced size is written', async () => {
    const id = await create();
    symlinkSync('/dev/full', `${cloud.imageFolder}/${id}.part`);
    const refused = await upload(id, mib);
    expect([refused.status, refused.body.error.message]).toEqual([413, expected(id)]);
    expect([await statusOf(id), files()]).toEqual(['queued', []]);
  });

  test('may not be writable', async () => {
    const id = await create();
    symlinkSync('/proc/version', `${cloud.imageFolder}/${id}.part`);
    const refused = await upload(id, mib);
    expect([refused.status, refused.body.error.message]).toEqual([
      503,
      `Insufficient permissions on image storage media: the bytes of image ${id} cannot be written. An administrator can see the reason in the log.`,
    ]);
    expect([await statusOf(id), files()]).toEqual(['queued', []]);
  });
});
