/** The gate of an upload alone: the disk and the total of a project while bytes arrive. */
import { expect, test } from 'vitest';
import type { StoredImage } from '#contracts/store/image-store.ts';
import { noLimits } from '#core/quotas/limits.ts';
import { uploadGates } from './upload-gate.ts';

const mib = 1024 ** 2;
const imageOf = (projectId: string, id = 'i1') => ({ id, projectId }) as StoredImage;

function gates({ keepFreeBytes }: { keepFreeBytes?: number } = {}) {
  const disk = { freeBytes: 1000 * mib, diskBytes: 100_000 * mib };
  const stored = new Map<string, number>();
  const open = uploadGates({
    store: {
      bytesOf: async (_project, except) =>
        [...stored].reduce((sum, [id, bytes]) => (except.includes(id) ? sum : sum + bytes), 0),
    },
    limitsOf: () => ({ ...noLimits, image_storage: 100 }),
    space: async () => ({ ...disk }),
    keepFreeBytes,
  });
  return { disk, stored, open };
}

test('an upload ends when others fill the disk during it', async () => {
  const { disk, open } = gates();
  const gate = open(imageOf('p1'));
  await gate.admit(1);
  disk.freeBytes = 255 * mib;
  await expect(gate.admit(32 * mib)).rejects.toMatchObject({
    kind: 'tooLarge',
    detail: `${255 * mib} bytes are free, of which ${256 * mib} are kept for the database`,
  });
});

test.each([
  { keepFreeBytes: 0, freeBytes: 0, diskBytes: 1, admitted: true },
  { keepFreeBytes: 5, freeBytes: 15, diskBytes: 1, admitted: true },
  { keepFreeBytes: 5, freeBytes: 14, diskBytes: 1, admitted: false },
  { freeBytes: 11, diskBytes: 16, admitted: true },
  { freeBytes: 10, diskBytes: 16, admitted: false },
])('10 bytes beside $freeBytes of $diskBytes free, $keepFreeBytes kept: $admitted', async (row) => {
  const { disk, open } = gates(row);
  Object.assign(disk, row);
  const admitted = open(imageOf('p1')).admit(10);
  expect(await admitted.then(() => true).catch(() => false)).toBe(row.admitted);
});

test('what one upload reserves is not available to another until it ends', async () => {
  const { stored, open } = gates({ keepFreeBytes: 0 });
  const [one, two] = [open(imageOf('p1', 'i1')), open(imageOf('p1', 'i2'))];
  await one.admit(60 * mib);
  await two.admit(40 * mib);
  await expect(two.admit(40 * mib + 1)).rejects.toMatchObject({ kind: 'tooLarge' });
  await open(imageOf('p2', 'i3')).admit(100 * mib);
  stored.set('i1', 10 * mib);
  one.close();
  await two.admit(90 * mib);
  await expect(two.admit(90 * mib + 1)).rejects.toThrow(
    `the other images of project p1 have ${10 * mib} bytes of 100 MiB`,
  );
  stored.delete('i1');
  await two.admit(100 * mib);
});

test('an image of no project is always admitted', async () => {
  const { disk, open } = gates();
  disk.freeBytes = 0;
  await open(imageOf('')).admit(1000 * mib);
});
