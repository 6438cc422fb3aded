import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aGuest, aHostdevNic, pf0, vf1 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createVfs, withoutReachedCounts } from './create-vfs.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-counts-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

test('PFs, by interface or address, get the configured number of VFs and are up', async () => {
  const { options } = anIgbHost(folder);
  const { pciBus } = options;
  await pciBus.setInterface(pf0, { up: false });
  expect(await createVfs(options, { enp1s0: 2, '0000:02:00.0': 7 })).toEqual([]);
  const { functions } = await pciBus.listFunctions();
  const vfs = functions.filter(({ deviceType }) => deviceType === 'type-VF');
  expect(Map.groupBy(vfs, ({ parentIfname }) => parentIfname).get('enp1s0')).toHaveLength(2);
  expect(vfs).toHaveLength(9);
  expect((await pciBus.deviceFacts(vf1)).pf).toEqual({ ifname: 'enp1s0', isUp: true });
});

test('a PF with enough VFs keeps them unchanged, whoever holds them', async () => {
  const { options, hypervisor } = anIgbHost(folder);
  await hypervisor.define(aGuest({ nics: [aHostdevNic(vf1)] }), {});
  await options.pciBus.applyVfStep({ do: 'set-vf', address: vf1, change: { vlan: 42 } });
  expect(await createVfs(options, { enp1s0: 4 })).toEqual([]);
  expect((await options.pciBus.vfState(vf1)).settings.vlan).toBe(42);
});

test('VFs that a guest holds are kept, also those of a stopped guest; the guest is named', async () => {
  const { options, hypervisor } = anIgbHost(folder);
  await hypervisor.define(aGuest({ nics: [aHostdevNic(vf1)] }), {});
  const problems = await createVfs(options, { enp1s0: 7, enp2s0: 1 });
  expect(problems).toEqual([
    {
      code: 'vf-count',
      blocks: 'none',
      message: expect.stringMatching(
        /^vf_counts: enp1s0: 7: it has 4 and keeps them, .* guests hold 0000:01:10\.2 \(guest instance-0000002a\)/,
      ),
    },
  ]);
  expect((await options.pciBus.vfCount(pf0)).now).toBe(4);
});

test('VFs that the host itself uses are kept, and the use is named', async () => {
  const { options, kernel } = anIgbHost(folder);
  kernel.answers.set('-details address show', [
    { ifname: 'enp1s0v2', flags: ['UP'], addr_info: [] },
    { ifname: 'enp1s0v2.7', link: 'enp1s0v2', linkinfo: { info_kind: 'vlan' }, addr_info: [] },
  ]);
  const problems = await createVfs(options, { enp1s0: 7 });
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^vf_counts: enp1s0: 7: it has 4 and keeps them, .* 0000:01:10\.4: the vlan interface enp1s0v2\.7 is on its interface enp1s0v2/,
    ),
  ]);
  expect((await options.pciBus.vfCount(pf0)).now).toBe(4);
});

test('a PF that cannot have its VFs is reported, and other PFs get theirs', async () => {
  const { options } = anIgbHost(folder);
  const problems = await createVfs(options, { enp9s0: 4, enp1s0: 8, enp1s0v0: 1, enp2s0: 0 });
  expect(problems.map(({ message }) => message)).toEqual([
    'vf_counts: enp9s0: 4: no PCI function of this host has this interface or address (is it in a guest?)',
    'vf_counts: enp1s0: 8: PF 0000:01:00.0: 8 VFs were requested, it supports 7 (sriov_totalvfs)',
    'vf_counts: enp1s0v0: 1: PCI device 0000:01:10.0 is not a PF: it cannot have VFs',
  ]);
  const { functions } = await options.pciBus.listFunctions();
  expect(functions.filter(({ parentIfname }) => parentIfname === 'enp2s0')).toEqual([]);
});

test('nothing changes while the guests that hold VFs are unknown', async () => {
  const { options, hypervisor } = anIgbHost(folder);
  hypervisor.listGuests = async () => {
    throw new Error('connection refused');
  };
  const [problem] = await createVfs(options, { enp1s0: 2 });
  expect(problem?.message).toContain('connection refused');
  expect((await options.pciBus.vfCount(pf0)).now).toBe(4);
});

test('the problem of VFs that came late ends once they exist, that of another PF stays', async () => {
  const { options } = anIgbHost(folder);
  const counts = { enp1s0: 7, '0000:02:00.0': 8 };
  const late = (name: string, count: number) => ({
    code: 'vf-count',
    blocks: 'none' as const,
    message: `vf_counts: ${name}: ${count}: 3 have appeared within 44 s`,
  });
  const problems = [late('enp1s0', 7), late('0000:02:00.0', 8)];
  expect(await withoutReachedCounts(options, counts, problems)).toEqual(problems);
  await options.pciBus.setVfCount(pf0, 7);
  expect(await withoutReachedCounts(options, counts, problems)).toEqual(problems.slice(1));
});
