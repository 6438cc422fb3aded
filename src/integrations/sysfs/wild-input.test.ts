/**
 * Whatever the files of a sysfs tree contain: every function is read or reported as unreadable, and
 * nothing is thrown.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SysfsPciBus } from './pci-bus.ts';
import { vpdSerialNumber } from './reading/vpd.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-sysfs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = ['vendor', 'device', 'numa_node', 'sriov_totalvfs', 'sriov_vf_device', 'vpd'];
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string().map((text) => Buffer.from(text)),
  fc.constantFrom('0x8086\n', '0x10ca', '-1', '1', '7\n', 'NaN').map((text) => Buffer.from(text)),
);
const address = fc.constantFrom('0000:3b:00.0', '0000:3b:00.1', 'rubbish', '0000:3b:00.9');
const tree = fc.record({
  files: fc.array(fc.tuple(address, fc.constantFrom(...files, 'net/ens1/address'), content)),
  links: fc.uniqueArray(
    fc.tuple(address, fc.constantFrom('physfn', 'virtfn0', 'virtfn1'), address),
    { selector: ([from, name]) => `${from} ${name}` },
  ),
});

test('any tree is read', async () => {
  let trees = 0;
  await fc.assert(
    fc.asyncProperty(tree, async (given) => {
      const root = join(folder, String(trees++));
      const devices = join(root, 'bus/pci/devices');
      const place = (...names: string[]) => {
        const path = join(devices, ...names);
        mkdirSync(dirname(path), { recursive: true });
        return path;
      };
      for (const [at, name, bytes] of given.files) writeFileSync(place(at, name), bytes);
      for (const [at, name, to] of given.links) symlinkSync(`../${to}`, place(at, name));
      const { functions, unreadable } = await new SysfsPciBus({ root }).listFunctions();
      const there = new Set([...given.files, ...given.links].map(([at]) => at));
      const reported = [...functions, ...unreadable].map((each) => each.address);
      expect(reported.toSorted()).toEqual([...there].toSorted());
    }),
    { numRuns: 60 },
  );
});

test('a root that is not a folder is refused by the typed error', async () => {
  const root = join(folder, 'file');
  writeFileSync(root, '');
  await expect(new SysfsPciBus({ root }).listFunctions()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('PCI devices cannot be listed: ENOTDIR'),
  });
});

test('any product data has a serial number or none', () => {
  const tag = fc.constantFrom(0x82, 0x90, 0x78, 0x02).map((byte) => Uint8Array.of(byte));
  const serial = fc.constant(Uint8Array.from(Buffer.from('SN\x04ab')));
  const pieces = fc.array(fc.oneof(tag, serial, fc.uint8Array({ maxLength: 20 })));
  fc.assert(
    fc.property(pieces, (parts) => {
      const given = vpdSerialNumber(Uint8Array.from(Buffer.concat(parts)));
      expect(given).not.toBe('');
    }),
  );
});
