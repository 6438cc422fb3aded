/**
 * Discovery of cards that are not plain NICs; each is described in
 * `test/support/hosts/odd-cards.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { type DescribedCard, writeCards } from '#test/hosts/described-cards.ts';
import * as odd from '#test/hosts/odd-cards.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { captureSysfs } from './reading/capture.ts';
import { SysfsPciBus } from './pci-bus.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'novella-odd-'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function read(cards: Record<string, DescribedCard>) {
  const { functions } = await new SysfsPciBus({ root: writeCards(root, cards) }).listFunctions();
  return functions;
}

/** Addresses that an entry with this interface offers. */
async function offeredBy(devname: string, cards: Record<string, DescribedCard>) {
  const functions = await read(cards);
  const specs = parseDeviceSpecs([{ object: { devname }, source: 'test' }], functions);
  const match = compileDeviceSpecs(specs, functions);
  return functions.filter((fn) => match(fn) !== undefined).map(({ address }) => address);
}

test.each(['enp65s0', 'enp65s0d1'])('the port %s names a function with two ports', async (name) => {
  const all = ['0000:41:00.0', '0000:41:00.1', '0000:41:00.2'];
  expect(await offeredBy(name, odd.twoPorts)).toEqual(all);
});

test('a function with two ports is configured through the first, and one carrier is enough', async () => {
  const [pf, vf] = await read(odd.twoPorts);
  const pfMacAddress = '02:c9:00:00:00:01';
  expect(pf).toMatchObject({ ifname: 'enp65s0', otherIfnames: ['enp65s0d1'], link: 'up' });
  expect(vf).toMatchObject({ parentIfname: 'enp65s0', otherParentIfnames: ['enp65s0d1'] });
  expect(vf?.capabilities.sriov).toEqual({ pfMacAddress, vfNum: 0 });
});

test('a PF in switchdev mode has the name, MAC and carrier of its uplink', async () => {
  const [pf, vf] = await read(odd.switchdev);
  expect(pf).toMatchObject({ ifname: 'p0', macAddress: '02:aa:00:00:00:01', link: 'up' });
  expect(pf).not.toHaveProperty('otherIfnames');
  expect(vf).toMatchObject({ parentIfname: 'p0' });
  expect(vf?.capabilities.sriov?.pfMacAddress).toBe('02:aa:00:00:00:01');
});

test('the VFs of a PF in switchdev mode are configured through its uplink', async () => {
  const commands: string[] = [];
  const bus = new SysfsPciBus({
    root: writeCards(root, odd.switchdev),
    run: async (command) => {
      commands.push(command.join(' '));
      return command.includes('-json') ? '[{"vfinfo_list":[{"vf":0}]}]' : '';
    },
  });
  const address = parsePciAddress('0000:3b:00.2');
  await bus.applyVfStep({ do: 'set-vf', address, change: { trust: true } });
  expect(commands.at(-1)).toBe('ip link set p0 vf 0 trust on');
});

test('virtio-net has its interface one folder deeper', async () => {
  const [pf, vf] = await read(odd.virtioNet);
  expect(pf).toMatchObject({ ifname: 'enp6s0', macAddress: '02:aa:00:00:09:01', link: 'up' });
  expect(vf).toMatchObject({ ifname: 'enp6s0v0', parentIfname: 'enp6s0' });
});

test('the interface of a virtio-net function is detected where the host uses it', async () => {
  const link = [
    { ifname: 'enp6s0', flags: [], addr_info: [{ local: '192.0.2.2', prefixlen: 24 }] },
  ];
  const bus = new SysfsPciBus({
    root: writeCards(root, odd.virtioNet),
    run: async () => JSON.stringify(link),
  });
  const { uses } = await bus.deviceFacts(parsePciAddress('0000:06:00.0'));
  expect(uses).toEqual([expect.stringContaining('192.0.2.2/24')]);
});

test('a vDPA device counts whatever its name', async () => {
  const typesOf = async (cards: Record<string, DescribedCard>) =>
    (await read(cards)).map(({ deviceType }) => deviceType);
  expect(await typesOf(odd.oddlyNamedVdpa)).toEqual(['type-PF', 'vdpa', 'vdpa', 'vdpa']);
  rmSync(root, { recursive: true });
  expect(await typesOf(odd.vdpaVfs)).toEqual(['type-PF', 'vdpa', 'vdpa', 'vdpa', 'type-VF']);
});

test('a PF in a bond is identified by its own MAC, not by the bond’s', async () => {
  const functions = await read(odd.bonded);
  expect(functions.map((fn) => fn.macAddress ?? fn.capabilities.sriov?.pfMacAddress)).toEqual([
    '3c:fd:fe:00:00:10',
    '3c:fd:fe:00:00:11',
    '3c:fd:fe:00:00:10',
    '3c:fd:fe:00:00:11',
  ]);
});

test('a missing NUMA node is not node 0, and a PF that cannot have VFs is a plain function', async () => {
  const functions = await read(odd.silentFirmware);
  expect(functions.map(({ deviceType, numaNode }) => [deviceType, numaNode])).toEqual([
    ['type-PCI', null],
    ['type-PF', null],
  ]);
});

test('InfiniBand without IPoIB: a PF and its VF, neither with a network interface', async () => {
  const functions = await read(odd.infiniband);
  expect(functions.map((fn) => [fn.deviceType, fn.ifname, fn.link, fn.isInfiniBand])).toEqual([
    ['type-PF', null, null, true],
    ['type-VF', null, undefined, true],
  ]);
});

test.each(Object.entries(odd))('a capture of %s shows the same functions', async (_, cards) => {
  const functions = await read(cards);
  const again = join(root, 'again');
  writeSysfsTree(await captureSysfs(root), again);
  expect((await new SysfsPciBus({ root: again }).listFunctions()).functions).toEqual(functions);
});

test('a PCI domain of more than 16 bits: an address names the PF and its VFs', async () => {
  const functions = await read(odd.wideDomain);
  const specs = parseDeviceSpecs(
    [{ object: { address: '10000:01:00.0' }, source: 'test' }],
    functions,
  );
  const match = compileDeviceSpecs(specs, functions);
  const offered = functions.filter((fn) => match(fn) !== undefined);
  expect(offered.map(({ address }) => address)).toEqual(
    Object.keys(odd.wideDomain).concat('10000:01:00.1', '10000:01:00.2'),
  );
});
