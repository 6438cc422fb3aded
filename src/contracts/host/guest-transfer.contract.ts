/** The suite that every way of guests from host to host must pass, given two hosts. */
import { aGuest } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages } from '#test/images/image-source.ts';
import { describe, expect, test } from 'vitest';
import type { GuestFiles } from './guest-files.ts';
import type { GuestTransfer } from './guest-transfer.ts';

/** One of the hosts. */
export interface TransferHost {
  name: string;
  files: GuestFiles;
  transfer: GuestTransfer;
}

export interface TransferHosts {
  one: TransferHost;
  other: TransferHost;
  /** A host that has the files of the first one as its own too. `owner`: of them there. */
  mount: (name: string, owner: string) => TransferHost;
  /** The guest on the first host writes more to its console, if it can. */
  write: (guestId: string) => Promise<void>;
}

const someImages = (): DescribedImages =>
  describedImages({
    disk: { content: Buffer.alloc(1024 ** 2, 'a disk ') },
    kernel: { content: Buffer.alloc(1024 ** 2, 'a kernel '), diskFormat: 'aki' },
    ramdisk: { content: Buffer.from('a ramdisk'), diskFormat: 'ari' },
  });

/** `make` returns two hosts without guests, `host one` and `host other`, whose images are these. */
export function describeGuestTransfer(
  name: string,
  make: (images: DescribedImages) => Promise<TransferHosts>,
): void {
  describe(`guest transfer contract: ${name}`, () => {
    const kernel = { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine: 'quiet' };
    const guest = aGuest({ imageId: 'disk', kernel, nics: [], configDrive: null });
    const made = async () => {
      const images = someImages();
      const hosts = await make(images);
      await hosts.one.files.prepare(guest, { fresh: false });
      await hosts.write(guest.id);
      images.opened.length = 0;
      const offer = async (to = hosts.other.name) => ({
        host: hosts.one.name,
        offer: await hosts.one.transfer.offer(guest, to),
      });
      const text = async (host: TransferHost) => host.files.consoleOutput(guest.id, null);
      return { ...hosts, images, offer, text };
    };

    test('a guest’s files come complete, and once', async () => {
      const { one, other, offer, text, images } = await made();
      const from = { ...(await offer()), isLive: false };
      await other.transfer.fetch(guest, from);
      await other.transfer.fetch(guest, from);
      expect(await other.files.list()).toEqual([guest.id]);
      expect(await text(other)).toBe(await text(one));
      await other.files.prepare(guest, { fresh: false });
      expect(images.opened).toEqual([]);
    });

    test('what does not change is fetched first, and the rest by a later offer', async () => {
      const { one, other, offer, text, write, images } = await made();
      await other.transfer.prefetch(guest, await offer());
      expect(await other.files.list()).toEqual([guest.id]);
      expect(await text(other)).toBe('');
      await write(guest.id);
      await other.transfer.fetch(guest, { ...(await offer()), isLive: false });
      expect(await text(other)).toBe(await text(one));
      await other.files.prepare(guest, { fresh: false });
      expect(images.opened).toEqual([]);
    });

    test('what was fetched first can be removed', async () => {
      const { other, offer } = await made();
      await other.transfer.prefetch(guest, await offer());
      await other.files.remove(guest.id);
      expect(await other.files.list()).toEqual([]);
    });

    test('a host that has the other one’s storage, and does not know it, changes none of its files', async () => {
      const { one, offer, mount } = await made();
      const from = await offer('third');
      const third = mount('third', 'host third');
      const [failed] = await third.transfer.checkArrival(guest, { ...from, isLive: true });
      expect(failed).toMatchObject({ check: 'files', why: expect.stringContaining('other host') });
      for (const making of [
        () => third.transfer.prefetch(guest, from),
        () => third.transfer.fetch(guest, { ...from, isLive: false }),
        () => third.transfer.fetch(guest, { ...from, isLive: true }),
        () => third.files.prepare(guest, { fresh: true }),
        () => third.files.prepare(guest, { fresh: false }),
        () => third.transfer.offer(guest, 'other'),
      ]) {
        await expect(making()).rejects.toMatchObject({ kind: 'unavailable' });
      }
      await third.files.remove(guest.id);
      for (const { files } of [one, mount('fourth', 'host one')]) {
        expect(await files.missing(guest)).toEqual([]);
      }
      await one.transfer.end(guest.id);
    });

    test('hosts of one storage pass guests without copies; what is copied onto itself is refused', async () => {
      const { one, other, offer, mount } = await made();
      const from = await offer();
      const sharing = mount('third', 'host one');
      const kept = { ...from, keepsFiles: true };
      expect(await sharing.transfer.checkFolder(guest, kept)).toEqual([]);
      await expect(sharing.transfer.fetch(guest, { ...from, isLive: false })).rejects.toThrow(
        'is the folder that the guest has on the other host',
      );
      const why = expect.stringContaining('is not the folder of the other host');
      const failed = [{ check: 'files', why }];
      expect(await other.transfer.checkFolder(guest, kept)).toEqual(failed);
      await other.files.prepare(guest, { fresh: true });
      expect(await other.transfer.checkFolder(guest, kept)).toEqual(failed);
      const coming = { ...kept, isLive: false };
      expect(await other.transfer.checkArrival(guest, coming)).toEqual(failed);
      await sharing.files.remove(guest.id);
      expect(await mount('fourth', 'host one').files.list()).toEqual([]);
      await one.transfer.end(guest.id);
    });

    test('what a guest wrote until it left live follows it', async () => {
      const { one, other, offer, text, write } = await made();
      await other.transfer.fetch(guest, { ...(await offer()), isLive: true });
      await write(guest.id);
      await other.transfer.fetchConsole(guest, await offer());
      expect(await text(other)).toBe(await text(one));
    });

    test('a text that is no offer is refused, and nothing is left', async () => {
      const { other } = await made();
      const from = { host: 'one', offer: 'no offer' };
      for (const fetching of [
        other.transfer.prefetch(guest, from),
        other.transfer.fetch(guest, { ...from, isLive: false }),
        other.transfer.fetchConsole(guest, from),
      ]) {
        await expect(fetching).rejects.toMatchObject({ kind: 'invalid' });
      }
      expect(await other.files.list()).toEqual([]);
    });

    test('a guest without files cannot be offered', async () => {
      const { other } = await made();
      await expect(other.transfer.offer(guest, 'one')).rejects.toMatchObject({ kind: 'notFound' });
      await other.transfer.end(guest.id);
    });
  });
}
