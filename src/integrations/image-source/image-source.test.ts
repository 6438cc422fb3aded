import { makeImage } from '#test/images/make-image.ts';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { giveEndlessToken } from '#test/databases/endless-token.ts';
import { clusterTls } from '../host-link/identity/cluster-tls.ts';
import { aHostsPort } from '#test/links/hosts-port.ts';
import { byToken } from '#test/worlds/host-links.ts';
import { imageSourceContract } from '#contracts/services/images.contract.ts';
import { aComputeWorld } from '#test/worlds/compute-world.ts';
import { imageBytes, imageId, queuedImageId } from '#test/images/image-service.ts';
import { inProcessImageSource } from './in-process.ts';
import { httpImageSource } from './over-http.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

const whole = { id: imageId, bytes: imageBytes, diskFormat: 'qcow2' };
const unknownId = '00000000-0000-4000-8000-000000000000';

/** A controller with host-1, on which one server is made from each of these images. */
async function aController(images: string[]) {
  const world = await aComputeWorld();
  opened.push(world.stop);
  for (const id of images) await world.activeServer({ imageId: id, nics: [] });
  await giveEndlessToken(world.db, 'host-1', 'secret');
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = world.app.server.address() as { port: number };
  return { world, controllerUrl: `http://127.0.0.1:${port}` };
}

describe('images in one process', () => {
  imageSourceContract(async () => {
    const { world } = await aController([]);
    return { source: inProcessImageSource(world.contents), whole, queuedId: queuedImageId };
  });
});

describe('images over the port for hosts', () => {
  imageSourceContract(async () => {
    const port = await aHostsPort();
    opened.push(() => port.stop());
    for (const id of [imageId, queuedImageId, unknownId]) {
      await port.world.activeServer({ imageId: id, nics: [] });
    }
    const { cert: certificate, key } = await port.joined('host-1');
    const tls = clusterTls(port.authority, { certificate, key });
    const source = httpImageSource({
      connection: async () => ({ url: port.url, headers: {}, tls }),
    });
    return { source, whole, queuedId: queuedImageId };
  });
});

describe('images over HTTP', () => {
  imageSourceContract(async () => {
    const { controllerUrl } = await aController([imageId, queuedImageId, unknownId]);
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    return { source, whole, queuedId: queuedImageId };
  });

  test('a host may read the kernel and ramdisk of its servers’ images too', async () => {
    const { world, controllerUrl } = await aController([]);
    const imageProperties = { kernel_id: imageId };
    await world.activeServer({ imageId: queuedImageId, imageProperties, nics: [] });
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    expect((await source.open(imageId)).sizeBytes).toBe(imageBytes.length);
  });

  test('a host uploads an image that a command to it makes, and no other', async () => {
    const { world, controllerUrl } = await aController([imageId]);
    const [server] = await world.store.servers.list({});
    const { id: serverId = '', hostId } = server ?? {};
    const caller = world.callerOf('member');
    const made = { name: 'i', diskFormat: 'qcow2', minDiskGib: 0, sharedWith: null } as const;
    const id = await makeImage(world.context.images, { ...made, properties: {} }, caller);
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    const bytes = Buffer.alloc(3_000_000, 'bytes of a disk');
    async function* parts() {
      yield bytes.subarray(0, 1_000);
      yield bytes.subarray(1_000);
    }
    const upload = { sizeBytes: bytes.length, open: parts };
    await expect(source.upload(id, upload)).rejects.toMatchObject({
      kind: 'forbidden',
      message: `No command to host host-1 makes image ${id}.`,
    });
    const body = { do: 'snapshot', guestId: serverId, imageId: id } as const;
    await world.store.commands.issue({ hostId: hostId ?? '', serverId, body });
    await source.upload(id, upload);
    expect(world.madeImages.get(id)?.bytes?.equals(bytes)).toBe(true);
  });

  test('an image without a server on the host is refused', async () => {
    const { world, controllerUrl } = await aController([]);
    await world.server({ imageId });
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    await expect(source.open(imageId)).rejects.toMatchObject({
      kind: 'forbidden',
      message: `No server on host host-1 is made from image ${imageId}.`,
    });
  });

  test('an image that the host was requested to fetch is given to it', async () => {
    const { world, controllerUrl } = await aController([imageId]);
    const host = await world.store.hosts.named('host-1');
    const { imageCaches } = world.context.links;
    imageCaches.linked(host?.id ?? '', () => undefined);
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    await expect(source.open('another')).rejects.toMatchObject({ kind: 'forbidden' });
    imageCaches.request(host?.id ?? '', 'another');
    // Allowed, and not there.
    await expect(source.open('another')).rejects.toMatchObject({ kind: 'notFound' });
  });

  test.each(['another', ''])('the token "%s" is refused', async (token) => {
    const { controllerUrl } = await aController([imageId]);
    const source = httpImageSource({ connection: byToken(controllerUrl, () => token) });
    await expect(source.open(imageId)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  test('a revoked token is refused', async () => {
    const { world, controllerUrl } = await aController([imageId]);
    await world.store.enrolments.revoke('host-1', 2);
    const source = httpImageSource({ connection: byToken(controllerUrl) });
    await expect(source.open(imageId)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });
});

describe('answers of another program, or of a controller that dies', () => {
  async function aServer(answer: RequestListener) {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    return httpImageSource({ connection: byToken(`http://127.0.0.1:${port}`) });
  }

  test('an interrupted download reports how far it came', async () => {
    const source = await aServer((_request, response) => {
      response.writeHead(200, {
        'content-length': 100,
        'x-novella-image-sha512': 'aa',
        'x-novella-image-disk-format': 'raw',
      });
      response.write('0123456789', () => response.destroy());
    });
    const { bytes } = await source.open('i1');
    const read = async () => {
      for await (const part of bytes) expect(part).toHaveLength(10);
    };
    await expect(read()).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'image i1: the download was cut off after 10 of 100 bytes',
    });
  });

  test('an interrupted download continues where it stopped', async () => {
    const whole = 'novella';
    let answers = 0;
    const source = await aServer((_request, response) => {
      response.writeHead(200, {
        'content-length': whole.length,
        'x-novella-image-sha512': 'aa',
        'x-novella-image-disk-format': 'raw',
      });
      if (++answers === 1) response.write(whole.slice(0, 3), () => response.destroy());
      else response.end(whole);
    });
    const { bytes } = await source.open('i1');
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(whole);
    expect(answers).toBe(2);
  });

  test('an answer without a hash is refused', async () => {
    const source = await aServer((_request, response) => response.end('hello'));
    await expect(source.open('i1')).rejects.toThrow('the answer has no size, hash or format');
  });

  test('an error without a message has its number', async () => {
    const source = await aServer((_request, response) => response.writeHead(502).end('<html>'));
    await expect(source.open('i1')).rejects.toThrow('image i1: the controller answered 502');
  });

  test('no server at the address', async () => {
    const source = httpImageSource({ connection: byToken('http://127.0.0.1:1'), timeoutMs: 0 });
    await expect(source.open('i1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('does not answer'),
    });
  });
});
