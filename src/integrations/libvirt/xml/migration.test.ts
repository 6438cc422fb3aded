/** How a guest is sent, by what both hosts can and what their administrators have set. */
import { expect, test } from 'vitest';
import { migrateFlag } from './libvirt-numbers.ts';
import { compressionsOf, migrationOf } from './migration.ts';

const domain = (disk = '') =>
  `<domain type='kvm'><name>g</name><devices>${disk}</devices></domain>`;
const disk = "<disk type='file' device='disk'><target dev='vda' bus='virtio'/></disk>";
const sockets = { libvirt: '/run/m/libvirt', memory: '/run/m/memory', disks: '/run/m/disks' };
const to = (compressions: 'zstd'[], xml = domain(disk)) => ({
  ...{ definition: xml, sockets, compressions, sharesDisk: false },
});
const isSet = ({ flags }: { flags: number }, name: keyof typeof migrateFlag) =>
  (flags & migrateFlag[name]) !== 0;

test.each<[number, number, 'zstd' | 'none', string[]]>([
  [9_004_000, 5_000_000, 'zstd', ['zstd']],
  [11_003_000, 10_000_013, 'zstd', ['zstd']],
  [11_003_000, 10_000_013, 'none', []],
  [9_003_000, 10_000_013, 'zstd', []],
  [11_003_000, 4_002_000, 'zstd', []],
])('libvirt %i with QEMU %i, set to %s: %j', (libvirt, hypervisor, compression, expected) => {
  expect(compressionsOf({ libvirt, hypervisor }, { compression })).toEqual(expected);
});

test('where both hosts can, memory is compressed and takes parallel connections', () => {
  const sent = migrationOf(domain(disk), to(['zstd']), {});
  expect([isSet(sent, 'parallel'), isSet(sent, 'compressed')]).toEqual([true, true]);
  expect(sent.texts).toMatchObject({ compression: 'zstd', migrate_uri: 'unix:///run/m/memory' });
  expect(sent.integers).toEqual({ 'parallel.connections': 2 });
});

test('elsewhere it is sent as it is', () => {
  const sent = migrationOf(domain(disk), to([]), {});
  expect([isSet(sent, 'parallel'), isSet(sent, 'compressed')]).toEqual([false, false]);
  expect(sent.texts).not.toHaveProperty('compression');
  expect(sent.integers).toEqual({});
});

test('disks are copied where there are any, within the limit of the host', () => {
  const sent = migrationOf(domain(disk), to([]), { maxMibPerS: 40 });
  expect([isSet(sent, 'copyTopLayer'), isSet(sent, 'autoConverge')]).toEqual([true, true]);
  expect(sent.texts).toMatchObject({ disks_uri: 'unix:///run/m/disks' });
  expect(sent.bigNumbers).toEqual({ bandwidth: 40 });
  const without = migrationOf(domain(), to([], domain()), {});
  expect(isSet(without, 'copyTopLayer')).toBe(false);
  expect(without.texts).not.toHaveProperty('disks_uri');
  expect(without.bigNumbers).toEqual({});
});

test('a disk that both hosts have is not copied, whatever file system it is on', () => {
  const sent = migrationOf(domain(disk), { ...to([]), sharesDisk: true }, {});
  expect([isSet(sent, 'copyTopLayer'), isSet(sent, 'unsafe')]).toEqual([false, true]);
  expect(sent.texts).not.toHaveProperty('disks_uri');
  expect(isSet(migrationOf(domain(disk), to([]), {}), 'unsafe')).toBe(false);
});
