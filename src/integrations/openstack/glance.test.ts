/** Behaviour of a real Glance alone: other hashes, and interrupted bytes. */
import { afterEach, expect, test } from 'vitest';
import {
  type Reply,
  scriptedOpenStack,
  type ScriptedOpenStack,
} from '#test/worlds/scripted-openstack.ts';

let scripted: ScriptedOpenStack;
afterEach(() => scripted.stop());

const image = {
  id: 'i',
  name: 'cirros',
  status: 'active',
  disk_format: 'qcow2',
  size: 10,
  min_disk: 0,
  min_ram: 0,
  os_hash_algo: 'sha512',
  os_hash_value: 'ab',
  stores: 'file',
};

const member = {
  ...{ userId: 'u', userName: 'u', projectId: 'p', projectName: 'p', domainId: 'default' },
  ...{ roles: ['member'], isAdmin: false, token: 't' },
};

test('an image with an unsupported hash cannot be checked, and is refused with a message', async () => {
  scripted = await scriptedOpenStack([{ status: 200, body: { ...image, os_hash_algo: 'sha256' } }]);
  await expect(scripted.client.image.openImage('i')).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('Image i has no sha512 hash (os_hash_algo is sha256)'),
  });
});

test('interrupted bytes are reported', async () => {
  const half: Reply = (response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => response.destroy());
  };
  scripted = await scriptedOpenStack([{ status: 200, body: image }, half]);
  const { bytes } = await scripted.client.image.openImage('i');
  const read = async () => {
    for await (const part of bytes) void part;
  };
  await expect(read()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(
      `image i: the reply of the image service at ${scripted.url} was cut off`,
    ),
  });
});

test('an image that is saving has no bytes: 204', async () => {
  scripted = await scriptedOpenStack([{ status: 200, body: image }, { status: 204 }]);
  await expect(scripted.client.image.openImage('i')).rejects.toMatchObject({ kind: 'conflict' });
});

test('bytes of another format than the image declares are refused for good, not as an outage', async () => {
  const queued = { ...image, status: 'queued' };
  const body = 'The request media type application/octet-stream is not supported by this server.';
  scripted = await scriptedOpenStack([
    { status: 200, body: queued },
    { status: 415, body },
  ]);
  async function* open() {
    yield Buffer.from('"no qcow2"');
  }
  await expect(scripted.client.image.saveImage('i', { sizeBytes: 10, open })).rejects.toMatchObject(
    { kind: 'invalid', message: expect.stringContaining('format') },
  );
});

test('a long download delays no other call', async () => {
  const slow: Reply = (response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half');
  };
  const replies: Reply[] = [{ status: 200, body: image }, slow, { status: 200, body: image }];
  scripted = await scriptedOpenStack(replies, { connections: 1 });
  const { bytes } = await scripted.client.image.openImage('i');
  expect((await scripted.client.image.showImage('i', member)).name).toBe('cirros');
  await bytes[Symbol.asyncIterator]().return?.();
});

test.each([
  { status: 'deactivated', expected: 'Image i cannot be downloaded: it is deactivated' },
  { status: 'saving', expected: 'Image i has no bytes yet: it is saving' },
])('an image that is $status has no bytes for a host', async ({ status, expected }) => {
  scripted = await scriptedOpenStack([{ status: 200, body: { ...image, status } }]);
  await expect(scripted.client.image.openImage('i')).rejects.toMatchObject({
    kind: 'conflict',
    message: expected,
  });
});
