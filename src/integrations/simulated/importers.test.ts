import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describedFunctions } from './machine/described-devices.ts';
import { simulatedFleet } from './fleet.ts';
import { writeSysfsTree } from './machine/sysfs-tree.ts';

test('a described PF makes function 0 and its VFs after it, on its NUMA node', () => {
  const functions = describedFunctions([{ kind: 'PF', bus: '3b', vfs: 9, numa: 1 }]);
  expect(functions.map(({ address }) => address)).toEqual([
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((number) => `0000:3b:00.${number}`),
    '0000:3b:01.0',
    '0000:3b:01.1',
  ]);
  expect(functions[9]).toEqual({
    address: '0000:3b:01.1',
    vendorId: '15b3',
    productId: '1018',
    deviceType: 'type-VF',
    parentAddress: '0000:3b:00.0',
    numaNode: 1,
    ifname: 'enp59s0f0v8',
    parentIfname: 'enp59s0f0',
    macAddress: null,
    capabilities: { sriov: { pfMacAddress: '0c:42:a1:00:3b:00', vfNum: 8 } },
  });
});

test('a described card may have ids, a MAC, vDPA devices, no NUMA node', () => {
  const [pf, vf] = describedFunctions([
    { kind: 'PF', bus: '3b', vfs: 1, numa: -1, mac: '0c:42:a1:aa:00:01', vdpa: true },
  ]);
  expect([pf?.macAddress, pf?.numaNode, vf?.deviceType, vf?.ifname]).toEqual([
    '0c:42:a1:aa:00:01',
    null,
    'vdpa',
    null,
  ]);
  const [plain] = describedFunctions([{ kind: 'PCI', bus: '5e', slot: '1f' }]);
  expect([plain?.address, plain?.vendorId, plain?.productId, plain?.deviceType]).toEqual([
    '0000:5e:1f.0',
    '10de',
    '1db4',
    'type-PCI',
  ]);
});

test('a fleet has equal hosts whose cards all differ in MAC', () => {
  const fleet = simulatedFleet({ hosts: 300, pfs: 2, vfsPerPf: 4 });
  expect(fleet.map(({ name }) => name).slice(-1)).toEqual(['host-0300']);
  const pfs = fleet.flatMap(({ functions }) => functions.filter((fn) => fn.macAddress !== null));
  expect(new Set(pfs.map(({ macAddress }) => macAddress)).size).toBe(600);
  expect(fleet[0]?.functions.map(({ numaNode }) => numaNode)).toEqual([
    ...Array<number>(5).fill(0),
    ...Array<number>(5).fill(1),
  ]);
});

const badLines = [
  { name: 'is neither file nor link', given: 'hello' },
  { name: 'leaves the tree', given: '/sys/../etc/passwd: x' },
  { name: 'is not a sysfs path', given: '/etc/passwd: x' },
];

test.each(badLines)('a capture is refused when a line $name', ({ given }) => {
  const root = mkdtempSync(join(tmpdir(), 'novella-tree-'));
  try {
    expect(() => writeSysfsTree(`# capture\n${given}\n`, root)).toThrow(
      `sysfs capture, line 2: "${given}" must be`,
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});
