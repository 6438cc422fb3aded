import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeGuestFiles } from '#contracts/host/guest-files.contract.ts';
import { aGuest, aHostdevNic, vf0 } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages } from '#test/images/image-source.ts';
import { SimulatedGuestFiles } from './guest-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'novella-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Their console is written as they are prepared. */
const made = (images: DescribedImages, stateDirectory?: string) => ({
  files: new SimulatedGuestFiles({
    images,
    owner: 'host host-1',
    ...(stateDirectory !== undefined && { stateDirectory }),
  }),
  run: async () => {},
});

describeGuestFiles('simulated, in memory', async (images) => made(images));
describeGuestFiles('simulated, in files', async (images) =>
  made(images, mkdtempSync(join(folder, 'host-'))),
);

const content = Buffer.alloc(1024);
const twoImages = () => describedImages({ first: { content }, second: { content } });
const guest = aGuest({ imageId: 'first', nics: [aHostdevNic(vf0)] });

test('a guest’s state and console outlive the process', async () => {
  const stateDirectory = mkdtempSync(join(folder, 'host-'));
  const first = made(twoImages(), stateDirectory).files;
  await first.prepare(guest, { fresh: false });
  const second = made(twoImages(), stateDirectory).files;
  expect(await second.list()).toEqual([guest.id]);
  expect(await second.consoleOutput(guest.id, null)).toBe(
    await first.consoleOutput(guest.id, null),
  );
  await second.remove(guest.id);
  expect(await made(twoImages(), stateDirectory).files.list()).toEqual([]);
});

test('the console shows the guest’s NICs, and its disk until a fresh start replaces it', async () => {
  const { files } = made(twoImages());
  await files.prepare(guest, { fresh: false });
  const log = () => files.consoleOutput(guest.id, null);
  expect(await log()).toContain(`eth0: fa:16:3e:5b:10:01 (hostdev ${vf0})`);
  const other = { ...guest, imageId: 'second' };
  await files.prepare(other, { fresh: false });
  expect(await log()).toContain('[vda] image first');
  await files.prepare(other, { fresh: true });
  expect(await log()).toContain('[vda] image second');
});

test('images are read once, and forgotten when many newer ones were used', async () => {
  const names = Array.from({ length: 21 }, (_, at) => `image-${at}`);
  const images = describedImages(Object.fromEntries(names.map((name) => [name, { content }])));
  const { files } = made(images);
  for (const imageId of [...names, 'image-20', 'image-0']) {
    await files.prepare({ ...guest, imageId }, { fresh: true });
  }
  expect(images.opened).toEqual([...names, 'image-0']);
});
