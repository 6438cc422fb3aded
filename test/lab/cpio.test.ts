import { expect, test } from 'vitest';
import { packArchive } from './cpio.ts';

test('an archive holds folders, files, links and programs in the kernel’s format', () => {
  const archive = packArchive([
    { path: 'bin' },
    { path: 'bin/busybox', content: 'elf', isExecutable: true },
    { path: 'bin/sh', linkTo: 'busybox' },
    { path: 'order', content: 'a.ko\n' },
  ]);
  expect(recordsOf(archive)).toEqual([
    { path: 'bin', mode: 0o40755, data: '' },
    { path: 'bin/busybox', mode: 0o100755, data: 'elf' },
    { path: 'bin/sh', mode: 0o120777, data: 'busybox' },
    { path: 'order', mode: 0o100644, data: 'a.ko\n' },
    { path: 'TRAILER!!!', mode: 0o100644, data: '' },
  ]);
});

/** Reads as the kernel does. */
function recordsOf(archive: Buffer): { path: string; mode: number; data: string }[] {
  const records = [];
  let at = 0;
  while (at < archive.length) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const start = at;
    const field = (index: number) =>
      Number.parseInt(
        archive.toString('latin1', start + 6 + index * 8, start + 14 + index * 8),
        16,
      );
    const [size, nameSize] = [field(6), field(11)];
    const path = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const data = aligned(at + 110 + nameSize);
    records.push({ path, mode: field(1), data: archive.toString('utf8', data, data + size) });
    at = aligned(data + size);
  }
  return records;
}

function aligned(at: number): number {
  return Math.ceil(at / 4) * 4;
}
