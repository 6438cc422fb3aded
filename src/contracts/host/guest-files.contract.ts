/**
 * The suite that every implementation of guest files must pass, given a function that creates one.
 */
import { aGuest } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages, qcow2Head } from '#test/images/image-source.ts';
import { describe, expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { readQcow2Header } from '#core/images/qcow2-header.ts';
import { type GuestFiles, maxConsoleBytes } from './guest-files.ts';

const mib = 1024 ** 2;
const disk = Buffer.alloc(mib, 'a disk ');
const kernel = { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine: 'quiet' };

function someImages(): DescribedImages {
  return describedImages({
    disk: { content: disk },
    kernel: { content: Buffer.from('a kernel'), diskFormat: 'aki' },
    ramdisk: { content: Buffer.from('a ramdisk'), diskFormat: 'ari' },
    backed: { content: qcow2Head({ backingOffset: 300, backingLength: 11 }), diskFormat: 'qcow2' },
    'no-qcow2': { content: disk, diskFormat: 'qcow2' },
    'hidden-qcow2': { content: qcow2Head() },
    vmdk: { content: disk, diskFormat: 'vmdk' },
    large: { content: qcow2Head({ virtualBytes: 3 * 1024 * mib }), diskFormat: 'qcow2' },
  });
}

export interface MadeGuestFiles {
  files: GuestFiles;
  /** The guest starts and writes at least this many bytes of lines to its console. */
  run: (guestId: string, bytes: number) => Promise<void>;
}

/** `make` returns one without guests, which gets its images from here. */
export function describeGuestFiles(
  name: string,
  make: (images: DescribedImages) => Promise<MadeGuestFiles>,
): void {
  describe(`guest files contract: ${name}`, () => {
    const images = someImages();
    const fresh = async () => (await make(images)).files;
    const guest = aGuest({ imageId: 'disk' });

    test('files of a guest are made, kept and removed; repeating each is no error', async () => {
      const files = await fresh();
      expect(await files.list()).toEqual([]);
      await files.prepare({ ...guest, kernel }, { fresh: false });
      await files.prepare({ ...guest, kernel }, { fresh: false });
      await files.prepare(guest, { fresh: true });
      expect(await files.list()).toEqual([guest.id]);
      await files.remove(guest.id);
      await files.remove(guest.id);
      expect(await files.list()).toEqual([]);
    });

    test('what is missing of a guest’s files is named; nothing is, once they are made', async () => {
      const files = await fresh();
      expect((await files.missing({ ...guest, kernel })).join()).toContain(guest.id);
      await files.prepare({ ...guest, kernel }, { fresh: false });
      expect(await files.missing({ ...guest, kernel })).toEqual([]);
      await files.remove(guest.id);
      expect(await files.missing({ ...guest, kernel })).not.toEqual([]);
    });

    test.each<[string, Partial<Guest>, RegExp]>([
      ['image does not exist', { imageId: 'gone' }, /^image gone no longer exists$/],
      [
        'image has a backing file',
        { imageId: 'backed' },
        /^image backed is not a valid qcow2 image: it has a backing file$/,
      ],
      [
        'image is not a qcow2 image',
        { imageId: 'no-qcow2' },
        /^image no-qcow2 is not a valid qcow2 image/,
      ],
      [
        'image is a qcow2 image declared as raw',
        { imageId: 'hidden-qcow2' },
        /^image hidden-qcow2 is declared raw but/,
      ],
      [
        'image has an unsupported format',
        { imageId: 'vmdk' },
        /^image vmdk has disk format 'vmdk'/,
      ],
      [
        'image is too large',
        { imageId: 'large' },
        /^image large is a disk of 3072 MiB, the flavor's has 1024 MiB$/,
      ],
      [
        'kernel does not exist',
        { kernel: { ...kernel, imageId: 'gone' } },
        /^image gone no longer exists/,
      ],
      [
        'kernel is a disk image',
        { kernel: { ...kernel, imageId: 'vmdk' } },
        /^image vmdk is used as a kernel/,
      ],
      [
        'ramdisk is a disk image',
        { kernel: { ...kernel, ramdiskImageId: 'vmdk' } },
        /^image vmdk is used as a ramdisk/,
      ],
      ['disk has no size', { imageId: null, diskGib: 0 }, /^the flavor has a disk of 0 GiB/],
    ])('a guest whose %s gets no files, with the reason', async (_why, change, expected) => {
      const files = await fresh();
      await expect(files.prepare({ ...guest, ...change }, { fresh: false })).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(expected),
      });
      expect(await files.list()).toEqual([]);
    });

    test('a guest’s error carries the message of an image service that does not answer', async () => {
      const silent = someImages();
      silent.open = () => Promise.reject(new ComputeError('unavailable', 'no answer'));
      const { files } = await make(silent);
      await expect(files.prepare(guest, { fresh: false })).rejects.toMatchObject({
        kind: 'unavailable',
        message: 'no answer',
      });
      expect(await files.list()).toEqual([]);
    });

    test.each<[string, Partial<Guest>]>([
      ['the image’s own size', { diskGib: 0 }],
      ['an empty disk', { imageId: null }],
      ['a kernel and no disk', { imageId: null, diskGib: 0, kernel }],
    ])('a guest may have %s', async (_what, change) => {
      const files = await fresh();
      await files.prepare({ ...guest, ...change }, { fresh: false });
      expect(await files.list()).toEqual([guest.id]);
    });

    test('a guest that has its files starts again though its images were deleted', async () => {
      const going = someImages();
      const { files } = await make(going);
      await files.prepare({ ...guest, kernel }, { fresh: false });
      going.images.clear();
      await files.prepare({ ...guest, kernel }, { fresh: false });
    });

    test('a fresh start that fails keeps the existing files', async () => {
      const files = await fresh();
      await files.prepare(guest, { fresh: false });
      const gone = { ...guest, imageId: 'gone' };
      await expect(files.prepare(gone, { fresh: true })).rejects.toThrow('image gone');
      expect(await files.list()).toEqual([guest.id]);
    });

    test('an image is copied to the host once for all guests', async () => {
      const counted = someImages();
      const { files } = await make(counted);
      const guests = ['1', '2', '3'].map((end) => ({ ...guest, id: guest.id.slice(0, -1) + end }));
      await Promise.all(guests.map((each) => files.prepare(each, { fresh: false })));
      await files.prepare(guest, { fresh: false });
      expect(counted.opened).toEqual(['disk']);
    });

    test('an image is fetched before any guest needs it; an unsuitable one is refused', async () => {
      const counted = someImages();
      const { files } = await make(counted);
      await files.cacheImage('disk');
      await files.cacheImage('disk');
      await files.prepare(guest, { fresh: false });
      expect(counted.opened).toEqual(['disk']);
      await expect(files.cacheImage('backed')).rejects.toMatchObject({ kind: 'invalid' });
      await expect(files.cacheImage('gone')).rejects.toThrow('image gone no longer exists');
    });

    test('the rescue of a guest has its own disk and kernel, made again each time', async () => {
      const counted = someImages();
      const { files } = await make(counted);
      await files.prepare(guest, { fresh: false });
      const rescue = {
        imageId: 'disk',
        kernel,
        hardware: { machine: 'q35', diskBus: 'virtio' },
      } as const;
      await files.prepareRescue({ ...guest, rescue });
      await files.prepareRescue({ ...guest, rescue });
      const gone = { ...guest, rescue: { ...rescue, imageId: 'gone' } };
      await expect(files.prepareRescue(gone)).rejects.toMatchObject({
        kind: 'invalid',
        message: 'image gone no longer exists',
      });
      await files.prepare(guest, { fresh: false });
      expect(await files.list()).toEqual([guest.id]);
      expect(new Set(counted.opened)).toEqual(new Set(['disk', 'kernel', 'ramdisk', 'gone']));
    });

    test('the disk of a guest becomes an image: a standalone qcow2 of its size', async () => {
      const source = someImages();
      const { files } = await make(source);
      await files.prepare(guest, { fresh: false });
      await files.copyDisk(guest.id, 'made');
      await files.copyDisk(guest.id, 'made');
      await files.uploadCopy(guest.id, 'made');
      await files.dropCopy(guest.id, 'made');
      const header = readQcow2Header(source.uploaded.get('made') ?? Buffer.alloc(0));
      expect(header).toMatchObject({ virtualBytes: 1024 * mib, backingName: null });
      const diskless = { ...guest, imageId: null, diskGib: 0, kernel };
      await files.remove(guest.id);
      await files.prepare(diskless, { fresh: false });
      await expect(files.copyDisk(guest.id, 'made')).rejects.toMatchObject({
        kind: 'invalid',
        message: `guest ${guest.id}: it has no disk to make an image from`,
      });
    });

    test('a guest that never ran has an empty console', async () => {
      expect(await (await fresh()).consoleOutput(guest.id, null)).toBe('');
    });

    test('the console returns the last lines, as many as requested', async () => {
      const { files, run } = await make(images);
      await files.prepare(guest, { fresh: false });
      await run(guest.id, 200);
      const all = await files.consoleOutput(guest.id, null);
      const lines = all.split('\n');
      expect(lines.length).toBeGreaterThan(10);
      expect(await files.consoleOutput(guest.id, 10)).toBe(lines.slice(-10).join('\n'));
      expect(await files.consoleOutput(guest.id, 10_000)).toBe(all);
      expect(await files.consoleOutput(guest.id, 0)).toBe('');
    });

    test('only the end of a long console is returned', async () => {
      const { files, run } = await make(images);
      await files.prepare(guest, { fresh: false });
      await run(guest.id, 2 * maxConsoleBytes);
      const all = await files.consoleOutput(guest.id, null);
      expect(all.length).toBeLessThanOrEqual(maxConsoleBytes);
      expect(all.split('\n').slice(-3)).toEqual(
        (await files.consoleOutput(guest.id, 3)).split('\n'),
      );
    });
  });
}
