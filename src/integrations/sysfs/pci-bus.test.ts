import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describePciBus } from '#contracts/host/pci-bus.contract.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { VfChange } from '#core/pci/vf/vf-settings.ts';
import { noMac } from '#core/pci/vf/vf-settings.ts';
import { DescribedIgb } from '#test/hosts/described-igb.ts';
import { pf0, vf0, vf1 } from '#test/hosts/guests.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { captureSysfs } from './reading/capture.ts';
import { SysfsPciBus } from './pci-bus.ts';

const macAddress = 'fa:16:3e:5b:10:01';

let folder = '';
let captured = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-sysfs-'));
  captured = join(folder, 'captured');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), captured);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A described kernel for the test, and the bus on it. */
function onIgb() {
  const kernel = new DescribedIgb(join(mkdtempSync(join(folder, 'igb-')), 'sys'));
  const { root, run, write } = kernel;
  return { kernel, bus: new SysfsPciBus({ root, run, write }) };
}

describePciBus('sysfs', async () => onIgb().bus);

/** A tree of one PF and one VF, with these files changed or added (null: removed). */
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

test('NUMA node -1 means that the host does not report one', async () => {
  const { functions } = await tree('numa').listFunctions();
  expect(functions.map(({ numaNode }) => numaNode)).toEqual([1, null]);
});

test('a malformed function is reported with its problem and hides no other', async () => {
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
    { address: 'not-an-address', problem: 'its name is not a PCI address' },
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

test('a guest gets a vDPA device by its character device, if the driver has made one', async () => {
  const vf = parsePciAddress('0000:3b:00.2');
  const bound = tree('vhost-vdpa', { '0000:3b:00.2/vdpa0/vhost-vdpa-4/dev': '511:4' });
  expect(await bound.vdpaDeviceOf(vf)).toBe('/dev/vhost-vdpa-4');
  const unbound = tree('virtio-vdpa', { '0000:3b:00.2/vdpa0/virtio3/driver': '' });
  expect(await unbound.vdpaDeviceOf(vf)).toBeNull();
});

test('the representors of VFs on a switching PF are not the PF’s own interfaces', async () => {
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

test('a tree without PCI functions cannot be captured', async () => {
  await expect(captureSysfs(folder)).rejects.toThrow('has no PCI functions in bus/pci/devices');
  const nowhere = join(folder, 'nowhere');
  await expect(captureSysfs(nowhere)).rejects.toThrow(`${nowhere}: no such folder`);
});

test('a machine without PCI has no functions', async () => {
  const bus = new SysfsPciBus({ root: join(folder, 'nothing') });
  expect(await bus.listFunctions()).toEqual({ functions: [], unreadable: [] });
});

test('only differences become commands, one for each setting', async () => {
  const { kernel, bus } = onIgb();
  const change = {
    macAddress,
    vlan: 42,
    spoofCheck: true,
    trust: false,
    linkState: 'auto',
  } as const;
  await bus.applyVfStep({ do: 'set-vf', address: vf0, change });
  await bus.applyVfStep({ do: 'set-vf', address: vf0, change });
  expect(kernel.commands.filter((command) => command.includes(' set '))).toEqual([
    'ip link set enp1s0 vf 0 mac fa:16:3e:5b:10:01',
    'ip link set enp1s0 vf 0 vlan 42 qos 0',
  ]);
});

test('an unsupported setting of a NIC is probed once for each PF', async () => {
  const { kernel, bus } = onIgb();
  const probes = () => kernel.commands.filter((command) => command.includes(' state '));
  await bus.unsupportedSettings(vf0, { linkState: 'disable' });
  await bus.unsupportedSettings(parsePciAddress('0000:01:10.2'), { linkState: 'enable' });
  expect(probes()).toEqual(['ip link set enp1s0 vf 0 state auto']);
});

test('a refusal names VF, setting and the driver’s message', async () => {
  const { kernel, bus } = onIgb();
  const set = (change: VfChange) => bus.applyVfStep({ do: 'set-vf', address: vf0, change });
  await expect(set({ linkState: 'disable' })).rejects.toThrow(
    'VF 0000:01:10.0: link state disable: driver igb of enp1s0 has no such setting (RTNETLINK answers: Operation not supported): leave it at its default, or use another NIC',
  );
  await expect(set({ minTxRateMbps: 50 })).rejects.toThrow(
    'VF 0000:01:10.0: minimum rate 50 Mbit/s: refused by "ip link set enp1s0 vf 0 min_tx_rate 50": RTNETLINK answers: Invalid argument',
  );
  kernel.refusals.set('vlan', 'RTNETLINK answers: Operation not permitted');
  await expect(set({ vlan: 42 })).rejects.toThrow(
    'VF 0000:01:10.0: VLAN 42: refused by "ip link set enp1s0 vf 0 vlan 42 qos 0": RTNETLINK answers: Operation not permitted',
  );
});

test('several refusals are all named, and the other settings are set', async () => {
  const { kernel, bus } = onIgb();
  kernel.refusals.set('vlan', 'RTNETLINK answers: Operation not permitted');
  const change = { minTxRateMbps: 50, vlan: 42, trust: true };
  await expect(bus.applyVfStep({ do: 'set-vf', address: vf0, change })).rejects.toThrow(
    /^VF 0000:01:10\.0: minimum rate 50 Mbit\/s: .*; VF 0000:01:10\.0: VLAN 42: /,
  );
  expect(kernel.listed(vf0)).toMatchObject({ trust: true });
});

test('an interface cannot be without a MAC: only its state is set', async () => {
  const { kernel, bus } = onIgb();
  await bus.applyVfStep({ do: 'set-vf-link', address: vf0, macAddress: noMac, up: false });
  expect(kernel.commands).toEqual(['ip link set enp1s0v0 down']);
});

test('a PF without a carrier, and one that is down, have no link', async () => {
  const { kernel, bus } = onIgb();
  const net = join(kernel.root, 'bus/pci/devices', pf0, 'net/enp1s0');
  const link = async () => (await bus.functionAt(pf0))?.link;
  expect(await link()).toBe('up');
  writeFileSync(join(net, 'carrier'), '0\n');
  expect(await link()).toBe('down');
  rmSync(join(net, 'carrier'));
  expect(await link()).toBe('down');
  rmSync(net, { recursive: true });
  expect(await link()).toBeNull();
});

test('a watcher is notified of a lost carrier', { timeout: 30_000 }, async () => {
  const { kernel, bus } = onIgb();
  const carrier = join(kernel.root, 'bus/pci/devices', pf0, 'net/enp1s0/carrier');
  let reported = 0;
  const unwatch = bus.watch(() => {
    reported += 1;
  });
  let value = 1;
  const flip = () => {
    value = 1 - value;
    writeFileSync(carrier, `${value}\n`);
    return reported;
  };
  await expect.poll(flip, { timeout: 20_000, interval: 1_100 }).toBeGreaterThan(0);
  unwatch();
});

test('a kernel that refuses VFs is quoted', async () => {
  const { kernel } = onIgb();
  const refuse = async (): Promise<void> => {
    throw new Error('ENOMEM: not enough memory, write');
  };
  const bus = new SysfsPciBus({ root: kernel.root, run: kernel.run, write: refuse });
  await expect(bus.setVfCount(pf0, 2)).rejects.toThrow(
    'PF 0000:01:00.0: the kernel refuses 0 VFs (sriov_numvfs): ENOMEM: not enough memory, write',
  );
});

test('VFs that appear one after the other are waited for, longer for more VFs', async () => {
  const { kernel } = onIgb();
  let exists = false;
  const late = async (path: string, text: string): Promise<void> => {
    await kernel.write(path, text);
    if (text !== '2') return;
    const link = join(kernel.root, 'bus/pci/devices', pf0, 'virtfn1');
    rmSync(link);
    setImmediate(() => {
      symlinkSync('../0000:01:10.2', link);
      exists = true;
    });
  };
  const bus = new SysfsPciBus({ root: kernel.root, run: kernel.run, write: late });
  await bus.setVfCount(pf0, 2);
  expect(exists).toBe(true);
  let now = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 40_000));
  const never = new SysfsPciBus({ root: kernel.root, run: kernel.run, write: async () => {} });
  await expect(never.setVfCount(pf0, 7)).rejects.toThrow(
    'PF 0000:01:00.0: 7 VFs were made, 2 have appeared within 44 s',
  );
  clock.mockRestore();
});

test('the PF counts a VF without an interface on the host, if its driver counts', async () => {
  const { kernel, bus } = onIgb();
  kernel.giveAway(vf0);
  expect(await bus.vfTraffic([vf0])).toEqual([]);
  kernel.stats.set(vf0, {
    rx: { bytes: 6_400, packets: 100, multicast: 1, broadcast: 2, dropped: 3 },
    tx: { tx_bytes: 640, tx_packets: 10, dropped: 0 },
  });
  expect(await bus.vfTraffic([vf0])).toEqual([
    {
      address: vf0,
      received: { bytes: 6_400, packets: 100, errors: null, drops: 3 },
      sent: { bytes: 640, packets: 10, errors: null, drops: 0 },
    },
  ]);
});

test('a PF is listed once for all its VFs', async () => {
  const { kernel, bus } = onIgb();
  kernel.giveAway(vf0);
  kernel.giveAway(vf1);
  await bus.vfTraffic([vf0, vf1]);
  expect(kernel.commands.filter((text) => text.includes('-statistics'))).toHaveLength(1);
});

test('a VF with an interface on the host, as with macvtap, is counted by that', async () => {
  const { kernel, bus } = onIgb();
  const statistics = join(kernel.root, 'bus/pci/devices', vf1, 'net/enp1s0v1/statistics');
  writeFileSync(join(statistics, 'rx_packets'), '7\n');
  writeFileSync(join(statistics, 'tx_dropped'), '2\n');
  expect(await bus.vfTraffic([vf1])).toEqual([
    {
      address: vf1,
      received: { bytes: 0, packets: 7, errors: 0, drops: 0 },
      sent: { bytes: 0, packets: 0, errors: 0, drops: 2 },
    },
  ]);
  expect(kernel.commands).toEqual([]);
});
