import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkHost } from '#core/hosts/check-host.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { writeCards } from '#test/hosts/described-cards.ts';
import { switchdev, twoPorts, virtioNet } from '#test/hosts/odd-cards.ts';
import { type HostPlaces, readHostFacts } from './read-host.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'novella-host-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = ''): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/**
 * The captured igb host: sysfs of its PCI functions, and the rest of the machine as it showed
 * itself.
 */
function anIgbHost(): void {
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), join(root, 'sys'));
  for (let group = 0; group < 17; group++) {
    mkdirSync(join(root, 'sys/kernel/iommu_groups', String(group)), { recursive: true });
  }
  put('proc/cpuinfo', 'processor\t: 0\nvendor_id\t: GenuineIntel\n');
  put('proc/cmdline', 'console=ttyS0 quiet intel_iommu=on iommu=pt\n');
  put('proc/interrupts', '  24:  0  IR-PCI-MSI-0000:00:02.0  0-edge  virtio0-config\n');
  put('lib/modules/6.12.107-amd64/modules.builtin', 'kernel/net/8021q/8021q.ko\n');
  put(
    'lib/modules/6.12.107-amd64/modules.dep',
    'kernel/drivers/net/macvtap.ko.xz: kernel/drivers/net/tap.ko.xz\nkernel/drivers/vfio/pci/vfio-pci.ko.xz: x\n',
  );
  mkdirSync(join(root, 'sys/module/vhost_net'), { recursive: true });
  put('dev/vfio/vfio');
  put('dev/kvm');
  put('sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', '64\n');
  put('sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages', '60\n');
  put('sys/fs/cgroup/cgroup.controllers', 'cpu memory\n');
  for (const tool of ['qemu-img', 'xorriso']) chmodSync(put(`bin/${tool}`), 0o755);
}

function places(change: Partial<HostPlaces> = {}): HostPlaces {
  return {
    root,
    architecture: 'x64',
    kernelRelease: '6.12.107-amd64',
    isRoot: true,
    programFolders: [join(root, 'sbin'), join(root, 'bin')],
    ...change,
  };
}

test('the captured host is read, function by function', async () => {
  anIgbHost();
  const { functions, ...facts } = await readHostFacts(places());
  expect(facts).toEqual({
    architecture: 'x64',
    cpuVendor: 'Intel',
    commandLine: 'console=ttyS0 quiet intel_iommu=on iommu=pt',
    isRoot: true,
    iommuGroups: 17,
    remapsInterrupts: true,
    allowsUnsafeInterrupts: false,
    modules: {
      vfio_pci: 'available',
      macvtap: 'available',
      '8021q': 'loaded',
      vhost_net: 'loaded',
    },
    vfioNode: { state: 'opens' },
    kvmNode: { state: 'opens' },
    hugepages: [{ sizeKib: 2_048, total: 64, free: 60 }],
    cgroups: 'v2',
    tools: { qemuImg: join(root, 'bin/qemu-img'), isoMaker: join(root, 'bin/xorriso') },
  });
  const byAddress = new Map<string, (typeof functions)[number]>(
    functions.map((fn) => [fn.address, fn]),
  );
  expect(byAddress.get('0000:01:00.0')).toMatchObject({
    classCode: '020000',
    iommuGroup: 7,
    driver: 'igb',
    vfs: { current: 4, total: 7 },
    link: { ifname: 'enp1s0' },
  });
  expect(byAddress.get('0000:01:10.0')).toMatchObject({ iommuGroup: 9, vfs: null });
});

test('its checks pass: each VF can be passed to a guest', async () => {
  anIgbHost();
  const facts = await readHostFacts(places());
  const { functions } = await new SysfsPciBus({ root: join(root, 'sys') }).listFunctions();
  const object = { vendor_id: '8086', product_id: '10ca', physical_network: 'physnet1' };
  const deviceSpecs = parseDeviceSpecs([{ object, source: 'test' }], functions);
  const checks = checkHost({ facts, functions, deviceSpecs, vfCounts: { enp1s0: 4 } });
  const found = new Map(checks.map((check) => [check.name, `${check.level} ${check.found}`]));
  expect(found.get('IOMMU groups')).toBe('ok each of 8 devices can be given to a guest');
  expect(found.get('VFs of enp1s0 0000:01:00.0')).toBe('ok 4 of at most 7');
  expect(found.get('Interrupt remapping')).toBe('ok on');
});

test('a machine that shows nothing has nothing, and no error', async () => {
  expect(await readHostFacts(places())).toEqual({
    architecture: 'x64',
    cpuVendor: 'other',
    commandLine: '',
    isRoot: true,
    iommuGroups: 0,
    remapsInterrupts: false,
    allowsUnsafeInterrupts: false,
    modules: { vfio_pci: 'absent', macvtap: 'absent', '8021q': 'absent', vhost_net: 'absent' },
    vfioNode: { state: 'absent' },
    kvmNode: { state: 'absent' },
    functions: [],
    hugepages: [],
    cgroups: 'none',
    tools: { qemuImg: null, isoMaker: null },
  });
});

test('links: up by the flags; carrier is refused while the interface is down', async () => {
  const interfaces = { '0000:01:00.0': ['0x1003', '1'], '0000:02:00.0': ['0x1002', ''] };
  for (const [address, [flags, carrier]] of Object.entries(interfaces)) {
    put(`sys/bus/pci/devices/${address}/net/eth${address[6]}/flags`, `${flags}\n`);
    if (carrier !== '') put(`sys/bus/pci/devices/${address}/net/eth${address[6]}/carrier`, carrier);
  }
  put('sys/bus/pci/devices/junk/class', '0x020000');
  const { functions } = await readHostFacts(places());
  expect(functions.map(({ link }) => link)).toEqual([
    { ifname: 'eth1', isUp: true, hasCarrier: true },
    { ifname: 'eth2', isUp: false, hasCarrier: null },
  ]);
});

test.each([
  ['in switchdev mode: its uplink, not a representor', switchdev, '0000:3b:00.0', 'p0'],
  ['with two ports: the one that has a carrier', twoPorts, '0000:41:00.0', 'enp65s0d1'],
  ['of virtio-net: one folder deeper', virtioNet, '0000:06:00.0', 'enp6s0'],
])('the link of a PF %s', async (_, cards, address, ifname) => {
  writeCards(join(root, 'sys'), cards);
  const { functions } = await readHostFacts(places());
  const found = functions.find((fn) => fn.address === address);
  expect(found?.link).toEqual({ ifname, isUp: true, hasCarrier: true });
});

test('a built-in module that is not listed is detected by its files', async () => {
  mkdirSync(join(root, 'sys/class/macvtap'), { recursive: true });
  put('dev/vhost-net');
  const { modules } = await readHostFacts(places());
  expect(modules).toMatchObject({ macvtap: 'loaded', vhost_net: 'loaded', vfio_pci: 'absent' });
});

test('unsafe interrupts, AMD, cgroups v1, a node that is a folder', async () => {
  put('sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts', 'Y\n');
  put('proc/cpuinfo', 'vendor_id : AuthenticAMD');
  mkdirSync(join(root, 'sys/fs/cgroup/cpu'), { recursive: true });
  mkdirSync(join(root, 'dev/kvm'), { recursive: true });
  expect(await readHostFacts(places({ architecture: 'arm64' }))).toMatchObject({
    allowsUnsafeInterrupts: true,
    cpuVendor: 'AMD',
    cgroups: 'v1',
    remapsInterrupts: null,
    kvmNode: { state: 'refused', why: expect.stringContaining('EISDIR') },
  });
});

test('a state directory is measured at its current or future place; a file in its way refuses', async () => {
  const there = await readHostFacts(places({ stateDirectory: root }));
  expect(there.stateDirectory).toMatchObject({ path: root, exists: true, refusal: null });
  expect(there.stateDirectory?.totalMib).toBeGreaterThan(0);
  const later = await readHostFacts(places({ stateDirectory: join(root, 'a/b') }));
  expect(later.stateDirectory).toMatchObject({ exists: false, refusal: null });
  put('file');
  const blocked = await readHostFacts(places({ stateDirectory: join(root, 'file/state') }));
  expect(blocked.stateDirectory?.refusal).toContain('EACCES');
});

test('a tool that is not executable is not found', async () => {
  put('bin/qemu-img');
  symlinkSync('nowhere', join(root, 'bin/genisoimage'));
  expect((await readHostFacts(places())).tools).toEqual({ qemuImg: null, isoMaker: null });
});
