/**
 * Images that do not fit on the disk of the state directory: refused with a message, and the cloud
 * continues unaffected.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cloud } from '#test/worlds/cloud.ts';
import { type NovellaProcess, startConfigured } from '#test/processes/novella-process.ts';
import {
  canHaveSmallDisk,
  onSmallDisk,
  type SmallDisk,
  smallDisk,
} from '#test/processes/small-disk.ts';

let disk: SmallDisk;
let novella: NovellaProcess;
beforeEach(async () => {
  if (canHaveSmallDisk) disk = await smallDisk(48);
});
afterEach(async () => {
  await novella?.stop();
  await disk?.remove();
});

const mib = 1024 ** 2;

/** Parts of a MiB; endless without an announced length. */
async function* parts(announced = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
  for (let at = 0; at < announced; at += mib) yield new Uint8Array(mib);
}

/** Status and message of the answer, which may come before all is sent. */
async function put(url: string, token: string, announced?: number): Promise<[number, string]> {
  const sending = request(url, {
    method: 'PUT',
    headers: {
      'x-auth-token': token,
      'content-type': 'application/octet-stream',
      ...(announced !== undefined && { 'content-length': announced }),
    },
  });
  const sent = pipeline(parts(announced), sending).catch(() => {});
  const [reply] = (await once(sending, 'response')) as [IncomingMessage];
  const text = (await reply.toArray()).join('');
  sending.destroy();
  await sent;
  return [reply.statusCode ?? 0, text === '' ? '' : JSON.parse(text).error.message];
}

test.runIf(canHaveSmallDisk)(
  onSmallDisk('images larger than the disk'),
  { timeout: 60_000 },
  async () => {
    novella = await startConfigured(disk.path, ['--free-ports'], disk.within);
    const cloud = await Cloud.at({
      urls: novella.urls,
      cloudsYaml: join(disk.outside, 'clouds.yaml'),
    });
    const tiny = readdirSync(join(disk.outside, 'images'));
    const described = { name: 'i', disk_format: 'raw', container_format: 'bare' };
    const { id } = await cloud.ok('image', 'POST', '/v2/images', described);
    const upload = (announced?: number) =>
      put(`${novella.urls.image}/v2/images/${id}/file`, cloud.session.token, announced);
    const full = `Image storage media is full: there is no room for image ${id}. An administrator can make room on the disk of the state directory.`;
    for (const announced of [64 * mib, undefined]) {
      expect(await upload(announced)).toEqual([413, full]);
      const image = await cloud.ok('image', 'GET', `/v2/images/${id}`);
      expect([image.status, image.size]).toEqual(['queued', null]);
      expect(readdirSync(join(disk.outside, 'images'))).toEqual(tiny);
      const network = { name: `after ${announced}` };
      await cloud.ok('network', 'POST', '/networks', { network });
    }
    expect(await upload(4 * mib)).toEqual([204, '']);
  },
);
