/**
 * The files of guests on a real host: qemu-img, genisoimage and xorriso make them, and other
 * programs read them back.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeGuestFiles } from '#contracts/host/guest-files.contract.ts';
import type { DriveFile } from '#core/guests/description/guest.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import { makeConfigDriveIso } from '#integrations/guest-files/config-drive-iso.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages, qcow2Head } from '#test/images/image-source.ts';

const mib = 1024 ** 2;
const folder = mkdtempSync(join(tmpdir(), 'novella-files-'));
beforeAll(() => ensureDebianPackages(['qemu-utils', 'genisoimage', 'xorriso']));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A host with space for everything, and its parts to inspect. */
function aHost(
  images: DescribedImages,
  more: { freeBytes?: () => Promise<number>; now?: () => number } = {},
) {
  const root = mkdtempSync(join(folder, 'host-'));
  const directory = join(root, 'guests');
  const imageDirectory = join(root, 'images');
  return {
    root,
    imageDirectory,
    files: new HostGuestFiles({ owner: 'host host-1', directory, imageDirectory, images, ...more }),
    paths: (id: string) => guestPaths(directory, id),
    cached: () => (existsSync(imageDirectory) ? readdirSync(imageDirectory).toSorted() : []),
    /** Every file below the guests' folder. */
    left: () => (existsSync(directory) ? readdirSync(directory, { recursive: true }) : []),
  };
}

describeGuestFiles('on this host', async (images) => {
  const { files, paths } = aHost(images);
  return {
    files,
    run: async (guestId, bytes) => {
      const line = 'what a guest says\n';
      writeFileSync(paths(guestId).consoleLog, line.repeat(20 + Math.ceil(bytes / line.length)));
    },
  };
});

/** A qcow2 image of 8 MiB whose first bytes say so. */
function qcow2Image(): Buffer {
  const path = join(folder, 'made.qcow2');
  rmSync(path, { force: true });
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '8M']);
  execFileSync('qemu-io', ['-c', 'write -P 0x61 0 4M', path]);
  return readFileSync(path);
}

function info(path: string) {
  return JSON.parse(
    execFileSync('qemu-img', ['info', '--output=json', path], { encoding: 'utf8' }),
  );
}

/** The first bytes of the disk as a guest sees them. */
function seen(disk: string): string {
  const raw = join(folder, 'seen.raw');
  rmSync(raw, { force: true });
  const range = ['bs=512', 'count=1', `if=${disk}`, `of=${raw}`];
  execFileSync('qemu-img', ['dd', '-f', 'qcow2', '-O', 'raw', ...range]);
  return readFileSync(raw).subarray(0, 8).toString();
}

const guest = aGuest({ imageId: 'disk', diskGib: 1 });

test('a disk grows with its server and keeps its content; it never shrinks', async () => {
  const host = aHost(describedImages({ disk: { content: Buffer.alloc(mib, 'a') } }));
  const { disk } = host.paths(guest.id);
  const sizes: number[] = [];
  for (const diskGib of [1, 2, 1]) {
    await host.files.prepare({ ...guest, diskGib }, { fresh: false });
    sizes.push(info(disk)['virtual-size'] / 1024 ** 3);
  }
  expect(sizes).toEqual([1, 2, 2]);
  expect(seen(disk)).toBe('aaaaaaaa');
});

test.each([
  { format: 'raw', content: () => Buffer.alloc(mib, 'a') },
  { format: 'qcow2', content: qcow2Image },
])(
  'a guest’s disk is an overlay of its size on the $format image, which stays unchanged',
  async (row) => {
    const content = row.content();
    const host = aHost(describedImages({ disk: { diskFormat: row.format, content } }));
    await host.files.prepare(guest, { fresh: false });
    const { disk } = host.paths(guest.id);
    const base = join(host.imageDirectory, `disk.${row.format}`);
    expect(info(disk)).toMatchObject({
      format: 'qcow2',
      'virtual-size': 1024 * mib,
      'backing-filename': base,
      'backing-filename-format': row.format,
    });
    expect(seen(disk)).toBe('aaaaaaaa');
    execFileSync('qemu-io', ['-c', 'write -P 0x62 0 64k', disk]);
    expect(readFileSync(base).equals(content)).toBe(true);
    expect(host.left()).toHaveLength(3);
  },
);

test('a start keeps what the guest wrote; a fresh start begins with the image again', async () => {
  const host = aHost(describedImages({ disk: { content: Buffer.alloc(mib, 'a') } }));
  const { disk } = host.paths(guest.id);
  await host.files.prepare(guest, { fresh: false });
  execFileSync('qemu-io', ['-c', 'write -P 0x62 0 64k', disk]);
  await host.files.prepare(guest, { fresh: false });
  expect(seen(disk)).toBe('bbbbbbbb');
  const gone = { ...guest, imageId: 'gone' };
  await expect(host.files.prepare(gone, { fresh: true })).rejects.toThrow('image gone');
  expect(seen(disk)).toBe('bbbbbbbb');
  await host.files.prepare(guest, { fresh: true });
  expect(seen(disk)).toBe('aaaaaaaa');
});

test('the disk has the image’s own size where the flavor says 0, and the flavor’s without an image', async () => {
  const host = aHost(describedImages({ disk: { diskFormat: 'qcow2', content: qcow2Image() } }));
  const { disk } = host.paths(guest.id);
  await host.files.prepare({ ...guest, diskGib: 0 }, { fresh: false });
  expect(info(disk)['virtual-size']).toBe(8 * mib);
  await host.files.prepare({ ...guest, imageId: null, diskGib: 2 }, { fresh: true });
  expect(info(disk)).toMatchObject({ 'virtual-size': 2048 * mib });
  expect(info(disk)['backing-filename']).toBeUndefined();
});

test('kernel and ramdisk are stored beside the disk, and removed when a rebuild has none', async () => {
  const host = aHost(
    describedImages({
      disk: { content: Buffer.alloc(mib) },
      k: { content: Buffer.from('a kernel'), diskFormat: 'aki' },
      r: { content: Buffer.from('a ramdisk'), diskFormat: 'ari' },
    }),
  );
  const paths = host.paths(guest.id);
  const kernel = { imageId: 'k', ramdiskImageId: 'r', commandLine: '' };
  await host.files.prepare({ ...guest, kernel }, { fresh: false });
  expect([readFileSync(paths.kernel, 'utf8'), readFileSync(paths.ramdisk, 'utf8')]).toEqual([
    'a kernel',
    'a ramdisk',
  ]);
  await host.files.prepare(guest, { fresh: true });
  expect([existsSync(paths.kernel), existsSync(paths.ramdisk)]).toEqual([false, false]);
});

const whole = Buffer.alloc(2 * mib, 'x');
test.each([
  {
    name: 'differs from the image service’s',
    image: { content: whole, sha512: 'ab'.repeat(64) },
    expected:
      /^image disk: the downloaded data does not match the image service: its sha512 is [0-9a-f]{128}, must be abab/,
  },
  {
    name: 'is incomplete',
    image: { content: whole, breaksOff: new Error('socket hang up') },
    expected: /^image disk: its download was cut off: socket hang up$/,
  },
  {
    name: 'is a truncated qcow2 image',
    image: () => ({ diskFormat: 'qcow2', content: qcow2Image().subarray(0, 400_000) }),
    expected: /^image disk is not a valid qcow2 image: qemu-img check finds errors in it/,
  },
  {
    name: 'is only a qcow2 header',
    image: { diskFormat: 'qcow2', content: qcow2Head() },
    expected: /^image disk is not a valid qcow2 image: /,
  },
])('an image that $name leaves nothing on the host', async ({ image, expected }) => {
  const disk = typeof image === 'function' ? image() : image;
  const host = aHost(describedImages({ disk }));
  await expect(host.files.prepare(guest, { fresh: false })).rejects.toThrow(expected);
  expect([host.cached(), host.left()]).toEqual([[], []]);
});

test('a disk without space for the image is refused before a byte is fetched', async () => {
  const images = describedImages({ disk: { content: Buffer.alloc(8 * mib) } });
  const host = aHost(images, { freeBytes: async () => 70 * mib });
  await expect(host.files.prepare(guest, { fresh: false })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `disk full: image disk needs 8 MiB in ${host.imageDirectory}, and 64 MiB must stay free; 70 MiB are free`,
  });
  expect([host.cached(), host.left()]).toEqual([[], []]);
});

test('a disk that fills up during the download is reported, and restored', async () => {
  const small = mkdtempSync(join(folder, 'small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
  try {
    const images = describedImages({ disk: { content: Buffer.alloc(8 * mib, 'z') } });
    const files = new HostGuestFiles({
      owner: 'host host-1',
      directory: join(small, 'guests'),
      imageDirectory: join(small, 'images'),
      images,
      freeBytes: async () => 1024 * mib,
    });
    await expect(files.prepare(guest, { fresh: false })).rejects.toMatchObject({
      kind: 'unavailable',
      message: `disk full: no room for image disk in ${join(small, 'images')}`,
    });
    expect([await files.list(), readdirSync(join(small, 'images'))]).toEqual([[], []]);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('unused images are removed after a week, or when space is short; those under a disk stay', async () => {
  const content = Buffer.alloc(mib);
  const images = describedImages({
    disk: { content },
    old: { content },
    recent: { content },
    next: { content },
    last: { content },
  });
  let free = 1024 * mib;
  const time = { now: Date.now() };
  const host = aHost(images, { freeBytes: async () => free, now: () => time.now });
  const other = (imageId: string) => ({ ...guest, imageId, id: guest.id.replace('0a1b', imageId) });
  await host.files.prepare(guest, { fresh: false });
  for (const imageId of ['old', 'recent']) {
    await host.files.prepare(other(imageId), { fresh: false });
    await host.files.remove(other(imageId).id);
  }
  const eightDaysAgo = time.now / 1000 - 8 * 24 * 3600;
  for (const name of ['disk.raw', 'old.raw']) {
    utimesSync(join(host.imageDirectory, name), eightDaysAgo, eightDaysAgo);
  }
  writeFileSync(join(host.imageDirectory, 'dead.raw.part'), 'of a process that died');
  for (const name of ['stranger', 'stranger.part', '.keep']) {
    writeFileSync(join(host.imageDirectory, name), 'none of ours');
    utimesSync(join(host.imageDirectory, name), eightDaysAgo, eightDaysAgo);
  }
  const foreignFiles = ['.keep', 'stranger', 'stranger.part'];
  const kept = () => host.cached().filter((name) => !foreignFiles.includes(name));
  await host.files.prepare(other('next'), { fresh: false });
  expect(kept()).toEqual(['disk.raw', 'next.raw', 'recent.raw']);
  expect(host.cached()).toEqual(expect.arrayContaining(foreignFiles));
  free = 10 * mib;
  await host.files.remove(other('next').id);
  await expect(host.files.prepare(other('last'), { fresh: false })).rejects.toThrow('disk full');
  expect(kept()).toEqual(['disk.raw']);
  expect(seen(host.paths(guest.id).disk)).toBe('\0'.repeat(8));
});

const drive: DriveFile[] = [
  { path: 'openstack/latest/meta_data.json', content: '{"uuid":"é"}', encoding: 'utf8' },
  { path: 'openstack/latest/user_data', content: '3q2+7w==', encoding: 'base64' },
  { path: 'openstack/2018-08-27/network_data.json', content: '{}', encoding: 'utf8' },
];

function readDrive(iso: string) {
  const out = mkdtempSync(join(folder, 'drive-'));
  execFileSync('xorriso', ['-osirrox', 'on', '-indev', iso, '-extract', '/', out], {
    stdio: 'ignore',
  });
  const label = /Volume id: (.*)/.exec(
    execFileSync('isoinfo', ['-d', '-i', iso], { encoding: 'utf8' }),
  )?.[1];
  const read = (path: string) => readFileSync(join(out, path));
  return { label, read, joliet: execFileSync('isoinfo', ['-J', '-f', '-i', iso]).toString() };
}

test('a config drive has the label that guests search for, and its files byte for byte', async () => {
  const host = aHost(describedImages({}));
  const withDrive = { ...guest, imageId: null, configDrive: drive };
  await host.files.prepare(withDrive, { fresh: false });
  const { configDrive } = host.paths(guest.id);
  const { label, read, joliet } = readDrive(configDrive);
  expect(label).toBe('config-2');
  expect(read('openstack/latest/meta_data.json').toString()).toBe('{"uuid":"é"}');
  expect(read('openstack/latest/user_data').toString('hex')).toBe('deadbeef');
  expect(read('openstack/2018-08-27/network_data.json').toString()).toBe('{}');
  expect(joliet).toContain('/openstack/latest/meta_data.json');
  expect(host.left()).toHaveLength(4);
});

test('a start updates the drive; a guest without one has none', async () => {
  const host = aHost(describedImages({}));
  const { configDrive } = host.paths(guest.id);
  const expected = (content: string): DriveFile[] => [{ path: 'a', content, encoding: 'utf8' }];
  for (const content of ['before', 'after']) {
    const requested = { ...guest, imageId: null, configDrive: expected(content) };
    await host.files.prepare(requested, { fresh: false });
    expect(readDrive(configDrive).read('a').toString()).toBe(content);
  }
  await host.files.prepare({ ...guest, imageId: null }, { fresh: false });
  expect(existsSync(configDrive)).toBe(false);
});

test('xorriso makes the same drive where genisoimage is missing', async () => {
  const iso = join(folder, 'by-xorriso.iso');
  await makeConfigDriveIso(iso, drive, ['xorriso']);
  expect(readDrive(iso).label).toBe('config-2');
  expect(readDrive(iso).read('openstack/latest/user_data').toString('hex')).toBe('deadbeef');
});

test('a drive file cannot be placed outside of the drive', async () => {
  const iso = join(folder, 'evil.iso');
  for (const path of ['../evil', '/evil', 'a/../../evil']) {
    const files: DriveFile[] = [{ path, content: '', encoding: 'utf8' }];
    await expect(makeConfigDriveIso(iso, files)).rejects.toThrow('outside of the drive');
  }
  expect(existsSync(iso)).toBe(false);
});

test('an id that would leave the folder is refused', async () => {
  const { files } = aHost(describedImages({}));
  await expect(files.remove('../images')).rejects.toMatchObject({ kind: 'invalid' });
  const elsewhere = { ...guest, imageId: '../../etc/passwd' };
  await expect(files.prepare(elsewhere, { fresh: false })).rejects.toMatchObject({
    kind: 'invalid',
  });
});

test('the console continues where the log daemon began a new file', async () => {
  const host = aHost(describedImages({}));
  const { folder: mine, consoleLog } = host.paths(guest.id);
  mkdirSync(mine, { recursive: true });
  writeFileSync(`${consoleLog}.0`, 'before\n');
  writeFileSync(consoleLog, 'after\n');
  appendFileSync(consoleLog, Buffer.from([0xff]));
  expect(await host.files.consoleOutput(guest.id, null)).toBe('before\nafter\n�');
});
