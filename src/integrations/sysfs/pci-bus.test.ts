import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describePciBus } from '#contracts/pci-bus.contract.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/sysfs-tree.ts';
import { parsePciAddress } from '#core/pci/address.ts';
import { vf0 } from '#test/guests.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureSysfs } from './capture.ts';
import { SysfsPciBus } from './pci-bus.ts';

let folder = '';
let captured = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-sysfs-'));
  captured = join(folder, 'captured');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), captured);
});

afterAll(() => rmSync(folder, { recursive: true }));

describePciBus('sysfs', async () => new SysfsPciBus({ root: captured, run: async () => {} }));

/** A tree of one PF and one VF, with these files changed or added (null: taken away). */
function tree(name: string, files: Record<string, string | null> = {}): SysfsPciBus {
  const root = join(folder, name);
  const lines: Record<string, string> = {
    '0000:3b:00.0/vendor': '0x15b3',
    '0000:3b:00.0/device': '0x1017',
    '0000:3b:00.0/numa_node': '1',
    '0000:3b:00.0/sriov_totalvfs': '8',
    '0000:3b:00.0/net/ens1f0/address': '0c:42:a1:00:00:10',
    '0000:3b:00.2/vendor': '0x15b3',
    '0000:3b:00.2/device': '0x1018',
    '0000:3b:00.2/numa_node': '-1',
  };
  const all = Object.entries({ ...lines, ...files }).filter(([, text]) => text !== null);
  for (const [path, text] of all) {
    const file = join(root, 'bus/pci/devices', path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  const devices = join(root, 'bus/pci/devices');
  symlinkSync('../0000:3b:00.0', join(devices, '0000:3b:00.2/physfn'));
  symlinkSync('../0000:3b:00.2', join(devices, '0000:3b:00.0/virtfn0'));
  return new SysfsPciBus({ root });
}

test('NUMA node -1 means that the host does not say', async () => {
  const { functions } = await tree('numa').listFunctions();
  expect(functions.map(({ numaNode }) => numaNode)).toEqual([1, null]);
});

test('an odd function is reported with its problem and hides no other', async () => {
  const { functions, unreadable } = await tree('odd', {
    '0000:3b:00.7/vendor': '0x15b3',
    '0000:3b:01.0/vendor': 'rubbish',
    'not-an-address/vendor': '0x15b3',
  }).listFunctions();
  expect(functions.map(({ address }) => address)).toEqual(['0000:3b:00.0', '0000:3b:00.2']);
  expect(unreadable).toEqual([
    { address: '0000:3b:00.7', problem: 'sysfs file device cannot be read' },
    {
      address: '0000:3b:01.0',
      problem: 'sysfs file vendor has "rubbish", must be 0x and four hexadecimal digits',
    },
    { address: 'not-an-address', problem: 'its name is no PCI address' },
  ]);
});

test('a PF without VFs is a PF; without an interface it has no MAC and its VFs no number', async () => {
  const { functions } = await tree('no-netdev', {
    '0000:3b:00.0/net/ens1f0/address': null,
  }).listFunctions();
  const facts = functions.map((fn) => [fn.deviceType, fn.macAddress, fn.capabilities]);
  expect(facts).toEqual([
    ['type-PF', null, {}],
    ['type-VF', null, {}],
  ]);
});

test('a VF with a vDPA device is of type vdpa', async () => {
  const { functions } = await tree('vdpa', { '0000:3b:00.2/vdpa0/driver': '' }).listFunctions();
  expect(functions.map(({ deviceType }) => deviceType)).toEqual(['type-PF', 'vdpa']);
});

test('the interfaces that stand for VFs on a switching PF are not the PF’s own', async () => {
  const bus = tree('switchdev', {
    '0000:3b:00.0/net/ens1f0/phys_port_name': 'p0',
    '0000:3b:00.0/net/eth0/phys_port_name': 'pf0vf0',
  });
  expect(await bus.ifnameOf(parsePciAddress('0000:3b:00.0'))).toBe('ens1f0');
});

test('a capture of a tree shows the same functions', async () => {
  const root = join(folder, 'again');
  writeSysfsTree(await captureSysfs(captured), root);
  const again = await new SysfsPciBus({ root }).listFunctions();
  expect(again).toEqual(await new SysfsPciBus({ root: captured }).listFunctions());
});

test('what has no PCI functions is not captured', async () => {
  await expect(captureSysfs(folder)).rejects.toThrow('has no PCI functions in bus/pci/devices');
});

test('a machine without PCI has no functions', async () => {
  const bus = new SysfsPciBus({ root: join(folder, 'nothing') });
  expect(await bus.listFunctions()).toEqual({ functions: [], unreadable: [] });
});

test('steps on a VF become ip commands through its PF, and a failure carries the host’s words', async () => {
  const commands: string[] = [];
  const run = async (command: string[]): Promise<void> => {
    commands.push(command.join(' '));
    if (command.includes('trust')) throw new Error('RTNETLINK answers: Operation not supported');
  };
  const bus = new SysfsPciBus({ root: captured, run });
  const macAddress = 'fa:16:3e:5b:10:01';
  await bus.applyVfStep({ do: 'set-vf', address: vf0, macAddress, vlan: 42 });
  await bus.applyVfStep({ do: 'set-vf-link', address: vf0, macAddress, up: true });
  expect(commands).toEqual([
    'ip link set enp1s0 vf 0 mac fa:16:3e:5b:10:01 vlan 42',
    'ip link set enp1s0v0 address fa:16:3e:5b:10:01 up',
  ]);
  await expect(
    bus.applyVfStep({ do: 'set-vf-trust', address: vf0, trusted: true }),
  ).rejects.toMatchObject({
    kind: 'unavailable',
    message:
      'VF 0000:01:10.0: "ip link set enp1s0 vf 0 trust on": RTNETLINK answers: Operation not supported',
  });
});
