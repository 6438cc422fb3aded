/** What another host may offer as the files of a guest, and what it cannot change here. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DescribedFile, DescribedFiles } from '#contracts/host/movable-guest.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import { describedImages, type HeaderOptions, qcow2Head } from '#test/images/image-source.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageCache } from './image-cache.ts';
import { adoptFiles } from './moved-files.ts';

const virtualBytes = 1024 ** 2;
const files = [{ name: 'disk', bytes: 512 }];

let folder = '';
let images: ImageCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-moved-'));
  mkdirSync(join(folder, 'guests'));
  images = new ImageCache({
    folder: join(folder, 'images'),
    source: describedImages({ i1: { content: Buffer.from('of the image service') } }),
    freeBytes: async () => 1024 ** 3,
    listUsed: async () => new Set(),
    now: Date.now,
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

type Copy = (file: DescribedFile, path: string) => Promise<void>;

function adopt(
  described: DescribedFiles,
  copy: Copy,
  change: { id?: string; isLive?: boolean; owner?: string } = {},
) {
  const { id = 'g1', isLive = false, owner = 'host hv2' } = change;
  const paths = guestPaths(join(folder, 'guests'), id);
  const how = { host: 'hv1', mark: 'm', isLive, copy, announce: () => {}, images, name: id, owner };
  return adoptFiles(paths, described, how);
}

test.each<{ name: string; header: HeaderOptions; why: string }>([
  {
    name: 'a backing file',
    header: { backingOffset: 512, backingLength: 11 },
    why: 'it has a backing file',
  },
  { name: 'a data file', header: { features: 4 }, why: 'its data in another file' },
  { name: 'encryption', header: { encryption: 1 }, why: 'it is encrypted' },
  { name: 'another size', header: { virtualBytes: 2 * virtualBytes }, why: 'it has 2097152 bytes' },
  { name: 'another format', header: { version: 9 }, why: 'it is not a qcow2 disk' },
])('a disk with $name that was not offered is refused, and nothing is left', async (given) => {
  const copy: Copy = async (_file, path) => writeFileSync(path, qcow2Head(given.header));
  const adopting = adopt({ files, disk: { virtualBytes, base: null } }, copy);
  await expect(adopting).rejects.toThrow(given.why);
  expect(existsSync(join(folder, 'guests', 'g1'))).toBe(false);
});

test('a disk as it was offered is adopted', async () => {
  const copy: Copy = async (_file, path) => writeFileSync(path, qcow2Head());
  await adopt({ files, disk: { virtualBytes, base: null } }, copy);
  expect(existsSync(join(folder, 'guests', 'g1', 'disk'))).toBe(true);
});

test.each(['constructor', '__proto__', 'base', 'disk.rescue'])(
  'a file named %s is refused before it is requested',
  async (name) => {
    const copy: Copy = async () => expect.unreachable();
    const adopting = adopt({ files: [{ name, bytes: 1 }], disk: null }, copy);
    await expect(adopting).rejects.toThrow(`offers an unknown file ${name}`);
  },
);

test('a disk that is not described is refused', async () => {
  const copy: Copy = async () => expect.unreachable();
  await expect(adopt({ files, disk: null }, copy)).rejects.toThrow('a disk without its size');
});

const described = { files, disk: { virtualBytes, base: { name: 'i1.raw', bytes: 4 } } };

test('an image that another host had is copied once, for its guests only', async () => {
  const copied: string[] = [];
  const copy: Copy = async ({ name }, path) => {
    copied.push(name);
    await pause(20);
    writeFileSync(path, 'evil');
  };
  await Promise.all(['g1', 'g2'].map((id) => adopt(described, copy, { id, isLive: true })));
  expect(copied).toEqual(['base']);
  const read = async ({ path }: { path: string }) => readFileSync(path, 'utf8');
  expect(await images.use('i1', () => undefined, read)).toBe('of the image service');
});

test('the image is not copied again from the next host', async () => {
  const copy: Copy = async (_file, path) => writeFileSync(path, 'evil');
  await adopt(described, copy, { isLive: true });
  const [name = ''] = readdirSync(join(folder, 'images'));
  expect(name).toMatch(/^of-[0-9a-f]{16}-i1\.raw$/);
  const again = { files, disk: { virtualBytes, base: { name, bytes: 4 } } };
  await adopt(again, async () => expect.unreachable(), { id: 'g2', isLive: true });
});

test.each([
  { name: 'a host', has: 'host hv3', offered: 'host hv1', why: /g1 belongs to host hv3, .*remove/ },
  { name: 'the old host', has: 'host hv1', offered: 'host hv1', why: /that the guest has on the/ },
  { name: 'the storage of both', has: 'storage 7', offered: 'storage 7', why: /on the other host/ },
])('files in a folder of $name stay as they are', async ({ has, offered, why }) => {
  const there = join(folder, 'guests', 'g1');
  mkdirSync(there);
  writeFileSync(join(there, 'owner'), has);
  writeFileSync(join(there, 'disk'), 'of a running guest');
  const owner = has.startsWith('storage') ? has : 'host hv2';
  const copy: Copy = async () => expect.unreachable();
  const given = { files, disk: { virtualBytes, base: null }, owner: offered };
  await expect(adopt(given, copy, { owner })).rejects.toThrow(why);
  expect(readdirSync(there).toSorted()).toEqual(['disk', 'owner']);
  expect(readFileSync(join(there, 'disk'), 'utf8')).toBe('of a running guest');
});

test.each([undefined, 'host hv2'])(
  'files that an arrival left (owner %s) are replaced',
  async (has) => {
    const there = join(folder, 'guests', 'g1');
    mkdirSync(there);
    if (has !== undefined) writeFileSync(join(there, 'owner'), has);
    writeFileSync(join(there, 'disk.part'), 'half of it');
    const copy: Copy = async (_file, path) => writeFileSync(path, qcow2Head());
    await adopt({ files, disk: { virtualBytes, base: null }, owner: 'host hv1' }, copy);
    expect(readdirSync(there).toSorted()).toEqual(['adopted', 'disk', 'owner']);
    expect(readFileSync(join(there, 'owner'), 'utf8')).toBe('host hv2');
  },
);
