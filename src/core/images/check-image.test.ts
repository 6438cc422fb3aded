import { expect, test } from 'vitest';
import { type HeaderOptions, qcow2Head } from '#test/images/image-source.ts';
import { checkDiskImage, checkKernelImage, diskBytesOf } from './check-image.ts';
import { readQcow2Header } from './qcow2-header.ts';

const sizeBytes = 4096;
const plain = Buffer.alloc(512, 'not qcow2');

const facts = (diskFormat: string, head: Uint8Array) => ({ id: 'i', diskFormat, sizeBytes, head });
const messages = (verdict: ReturnType<typeof checkDiskImage>) =>
  verdict.ok ? verdict.base : verdict.reasons.map(({ message }) => message).join();

test.each([2, 3])('a qcow2 image of version %i is a disk of its virtual size', (version) => {
  const head = qcow2Head({ version, virtualBytes: 5 * 1024 ** 4 });
  expect(messages(checkDiskImage(facts('qcow2', head)))).toEqual({
    format: 'qcow2',
    virtualBytes: 5 * 1024 ** 4,
  });
});

test.each(['raw', 'ami'])('an image that is %s is a disk of its own size', (diskFormat) => {
  expect(messages(checkDiskImage(facts(diskFormat, plain)))).toEqual({
    format: 'raw',
    virtualBytes: sizeBytes,
  });
});

test.each<[string, HeaderOptions]>([
  ['it has a backing file', { backingOffset: 300, backingLength: 9 }],
  ['it keeps its data in another file', { features: 4 }],
  ['it is marked corrupt', { features: 2 }],
  ['it is encrypted', { encryption: 2 }],
  ['it does not begin as one', { version: 1 }],
  ['it does not begin as one', { version: 4 }],
])('a qcow2 image is refused: %s (%o)', (why, options) => {
  const verdict = checkDiskImage(facts('qcow2', qcow2Head(options)));
  expect(messages(verdict)).toBe(`image i is not a valid qcow2 image: ${why}`);
});

test.each([0, 3, 4, 7, 8, 71, 103])('a file of %i bytes is not a qcow2 image', (length) => {
  expect(readQcow2Header(qcow2Head().subarray(0, length))).toBeUndefined();
});

test('a file whose dirty bit is set is accepted', () => {
  expect(checkDiskImage(facts('qcow2', qcow2Head({ features: 1 }))).ok).toBe(true);
});

test('the backing file name is read at the offset in the header, from any part of memory', () => {
  const memory = Buffer.concat([
    Buffer.alloc(7),
    qcow2Head({ backingOffset: 300, backingLength: 9 }),
  ]);
  expect(readQcow2Header(memory.subarray(7))?.backingName).toEqual({ offset: 300, length: 9 });
});

test.each([
  ['aki', 'kernel', true],
  ['raw', 'kernel', true],
  ['ari', 'kernel', false],
  ['ari', 'ramdisk', true],
  ['raw', 'ramdisk', true],
  ['qcow2', 'ramdisk', false],
] as const)('an image that is %s as a %s: %s', (diskFormat, as, fits) => {
  expect(checkKernelImage(facts(diskFormat, plain), as).ok).toBe(fits);
});

test('a kernel that is a qcow2 image by its bytes is refused, whatever its declared format', () => {
  expect(checkKernelImage(facts('aki', qcow2Head()), 'kernel').ok).toBe(false);
});

const gib = 1024 ** 3;
test.each([
  { name: 'the flavor’s size', diskGib: 2, virtualBytes: gib, gives: 2 * gib },
  { name: 'exactly the flavor’s size', diskGib: 2, virtualBytes: 2 * gib, gives: 2 * gib },
  {
    name: 'one byte more than the flavor’s size',
    diskGib: 2,
    virtualBytes: 2 * gib + 1,
    gives: undefined,
  },
  { name: 'the image’s size where the flavor says 0', diskGib: 0, virtualBytes: 77, gives: 77 },
])('a disk over an image: $name', ({ diskGib, virtualBytes, gives }) => {
  const verdict = diskBytesOf({ diskGib, imageId: 'i' }, { format: 'raw', virtualBytes });
  expect(verdict.ok ? verdict.bytes : undefined).toBe(gives);
});
