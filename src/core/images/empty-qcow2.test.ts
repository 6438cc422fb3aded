import { expect, test } from 'vitest';
import { readQcow2Header } from './qcow2-header.ts';
import { emptyQcow2 } from './empty-qcow2.ts';

test.each([1, 2 ** 20, 2 ** 30, 40 * 2 ** 30])('an empty disk of %i bytes', (bytes) => {
  const file = emptyQcow2(bytes);
  expect(readQcow2Header(file.subarray(0, 512))).toEqual({
    virtualBytes: Math.ceil(bytes / 512) * 512,
    backingName: null,
    isEncrypted: false,
    isCorrupt: false,
    hasDataFile: false,
  });
  expect(file.length).toBe(4 * 65_536);
});
