import { aCheckedHost, someDetails } from '#test/hosts/host-facts.ts';
import { expect, test } from 'vitest';
import { checkHost } from './check-host.ts';
import { problemsOf } from './host-check.ts';
import type { HostFacts } from './host-facts.ts';

const pf = '0000:3b:00.0';
const vf = '0000:3b:00.1';
const onPf = (change: Parameters<typeof someDetails>[0]) => ({
  functions: someDetails((each) => (each.address === pf ? (change?.(each) ?? {}) : {})),
});
const onVf = (change: object) => ({
  functions: someDetails((each) => (each.address === vf ? change : {})),
});
const link = { ifname: 'enp59s0f0', isUp: true, hasCarrier: true };

test('a healthy host has only rows that are ok, and no problem', () => {
  const checks = checkHost(aCheckedHost());
  expect(checks.filter(({ level }) => level !== 'ok')).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual([
    'User',
    'Acceleration',
    'libvirt',
    'QEMU',
    'qemu-img',
    'ISO maker',
    'State directory',
    'Hugepages',
    'Kernel modules',
    'cgroups',
    'IOMMU',
    'Interrupt remapping',
    'IOMMU groups',
    'vfio-pci',
    '/dev/vfio/vfio',
    'Device specs',
    'VFs of enp59s0f0 0000:3b:00.0',
    'Link of enp59s0f0 0000:3b:00.0',
    'VFs of enp94s0f0 0000:5e:00.0',
    'Link of enp94s0f0 0000:5e:00.0',
    'Drivers',
  ]);
  expect(problemsOf(checks)).toEqual([]);
});

interface Row {
  name: string;
  facts: Partial<HostFacts>;
  row: string;
  level: 'ok' | 'warn' | 'fail';
  found: string;
  fix?: string;
  blocks?: 'all' | 'passthrough' | 'none';
}

const noIommu = { iommuGroups: 0 };
const noDisk = { path: '/srv', exists: true, refusal: null, freeMib: 1_023, totalMib: 99_999 };

const rows: Row[] = [
  {
    name: 'Intel without intel_iommu on the command line',
    facts: { ...noIommu, commandLine: 'quiet' },
    row: 'IOMMU',
    level: 'fail',
    found: 'intel_iommu=on is not on the kernel command line',
    fix: 'add intel_iommu=on iommu=pt to the kernel command line and reboot',
    blocks: 'passthrough',
  },
  {
    name: 'Intel with intel_iommu, disabled in the firmware',
    facts: noIommu,
    row: 'IOMMU',
    level: 'fail',
    found: 'off: the kernel made no IOMMU groups',
    fix: 'enable VT-d in the firmware setup and reboot',
  },
  {
    name: 'AMD needs no kernel parameter',
    facts: { ...noIommu, cpuVendor: 'AMD', commandLine: '' },
    row: 'IOMMU',
    level: 'fail',
    found: 'off',
    fix: 'enable AMD-Vi (IOMMU) in the firmware setup and reboot',
  },
  {
    name: 'disabled on the command line',
    facts: { ...noIommu, cpuVendor: 'AMD', commandLine: 'a amd_iommu=off b' },
    row: 'IOMMU',
    level: 'fail',
    found: 'off: the kernel made no IOMMU groups (kernel command line: amd_iommu=off)',
    fix: 'remove amd_iommu=off from the kernel command line and reboot',
  },
  {
    name: 'another processor',
    facts: { ...noIommu, cpuVendor: 'other', architecture: 'arm64', commandLine: '' },
    row: 'IOMMU',
    level: 'fail',
    found: 'off',
    fix: 'enable the SMMU in the firmware setup and reboot',
  },
  {
    name: 'interrupts are not remapped',
    facts: { remapsInterrupts: false },
    row: 'Interrupt remapping',
    level: 'fail',
    found: 'off: vfio gives no device to a guest',
    fix: 'allow_unsafe_interrupts=1',
    blocks: 'passthrough',
  },
  {
    name: 'interrupts are not remapped, and unsafe interrupts are allowed',
    facts: { remapsInterrupts: false, allowsUnsafeInterrupts: true },
    row: 'Interrupt remapping',
    level: 'warn',
    found: 'a guest could forge interrupts',
  },
  {
    name: 'interrupt remapping does not apply to this architecture',
    facts: { remapsInterrupts: null, architecture: 'arm64' },
    row: 'Interrupt remapping',
    level: 'ok',
    found: 'does not apply to arm64',
  },
  {
    name: 'a VF that shares its group with its PF',
    facts: onVf({ iommuGroup: 0 }),
    row: 'IOMMU groups',
    level: 'fail',
    found: '0000:3b:00.1 shares group 0 with 0000:3b:00.0, which this host uses',
    fix: 'enable ACS',
    blocks: 'none',
  },
  {
    name: 'all in one group',
    facts: { functions: someDetails(() => ({ iommuGroup: 1 })) },
    row: 'IOMMU groups',
    level: 'fail',
    found:
      'shares group 1 with 0000:3b:00.0, 0000:5e:00.0, which this host uses (and 3 more devices)',
    blocks: 'passthrough',
  },
  {
    name: 'a bridge in the group does no harm',
    facts: onPf(() => ({ iommuGroup: 1, classCode: '060400' })),
    row: 'IOMMU groups',
    level: 'ok',
    found: 'each of 4 devices can be given to a guest',
  },
  {
    name: 'vfio-pci is loaded on demand',
    facts: {
      modules: { vfio_pci: 'available', macvtap: 'loaded', '8021q': 'loaded', vhost_net: 'loaded' },
      vfioNode: { state: 'absent' },
    },
    row: '/dev/vfio/vfio',
    level: 'ok',
    found: 'comes with vfio-pci',
  },
  {
    name: 'a kernel without vfio-pci',
    facts: {
      modules: { vfio_pci: 'absent', macvtap: 'absent', '8021q': 'loaded', vhost_net: 'loaded' },
    },
    row: 'vfio-pci',
    level: 'fail',
    found: 'this kernel does not have it',
    blocks: 'passthrough',
  },
  {
    name: 'a kernel without macvtap',
    facts: {
      modules: { vfio_pci: 'loaded', macvtap: 'absent', '8021q': 'loaded', vhost_net: 'loaded' },
    },
    row: 'Kernel modules',
    level: 'warn',
    found: 'no macvtap: no macvtap ports',
  },
  {
    name: 'vfio denies access',
    facts: { vfioNode: { state: 'refused', why: 'EACCES: permission denied' } },
    row: '/dev/vfio/vfio',
    level: 'fail',
    found: 'does not open: EACCES: permission denied',
    blocks: 'passthrough',
  },
  {
    name: 'no KVM',
    facts: { kvmNode: { state: 'absent' } },
    row: 'Acceleration',
    level: 'warn',
    found: 'guests are emulated',
    fix: 'enable VT-x in the firmware setup, then modprobe kvm_intel',
  },
  {
    name: 'KVM denies access',
    facts: { kvmNode: { state: 'refused', why: 'EACCES' } },
    row: 'Acceleration',
    level: 'fail',
    found: '/dev/kvm does not open: EACCES',
    blocks: 'none',
  },
  {
    name: 'no libvirt',
    facts: { libvirt: { uri: 'u', state: 'not installed', why: 'no virsh' } },
    row: 'libvirt',
    level: 'fail',
    found: 'no virsh',
    fix: 'apt-get install libvirt-daemon-system',
    blocks: 'all',
  },
  {
    name: 'libvirt does not answer',
    facts: { libvirt: { uri: 'qemu:///system', state: 'silent', why: 'no socket' } },
    row: 'libvirt',
    level: 'fail',
    found: 'qemu:///system does not answer: no socket',
    blocks: 'all',
  },
  {
    name: 'an old libvirt',
    facts: { libvirt: { uri: 'u', state: 'answers', version: '6.10.0' } },
    row: 'libvirt',
    level: 'fail',
    found: '6.10.0 is too old',
    fix: 'update it to 7.0.0 or newer',
  },
  {
    name: 'no QEMU',
    facts: { qemuVersion: null, architecture: 'arm64', remapsInterrupts: null },
    row: 'QEMU',
    level: 'fail',
    found: 'not installed',
    fix: 'apt-get install qemu-system-arm',
  },
  {
    name: 'no tools',
    facts: { tools: { qemuImg: null, isoMaker: null } },
    row: 'qemu-img',
    level: 'fail',
    found: 'no disk can be made',
    blocks: 'all',
  },
  {
    name: 'no program that makes ISO images',
    facts: { tools: { qemuImg: '/usr/bin/qemu-img', isoMaker: null } },
    row: 'ISO maker',
    level: 'fail',
    found: 'no genisoimage or xorriso',
    blocks: 'passthrough',
  },
  { name: 'not root', facts: { isRoot: false }, row: 'User', level: 'warn', found: 'not root' },
  {
    name: 'a full disk',
    facts: { stateDirectory: noDisk },
    row: 'State directory',
    level: 'fail',
    found: '/srv is full: 1.0 of 98 GiB free',
    blocks: 'all',
  },
  {
    name: 'a disk that is nearly full',
    facts: { stateDirectory: { ...noDisk, freeMib: 10_239 } },
    row: 'State directory',
    level: 'warn',
    found: '/srv, 10.0 of 98 GiB free',
  },
  {
    name: 'a read-only state directory',
    facts: { stateDirectory: { ...noDisk, refusal: 'EROFS: read-only file system' } },
    row: 'State directory',
    level: 'fail',
    found: '/srv cannot be written to: EROFS: read-only file system',
    blocks: 'all',
  },
  {
    name: 'hugepages',
    facts: {
      hugepages: [
        { sizeKib: 2_048, total: 512, free: 100 },
        { sizeKib: 1_048_576, total: 4, free: 0 },
      ],
    },
    row: 'Hugepages',
    level: 'ok',
    found: '2 MiB: 100 of 512 free, 1 GiB: 0 of 4 free',
  },
  {
    name: 'no cgroups',
    facts: { cgroups: 'none' },
    row: 'cgroups',
    level: 'warn',
    found: 'none is mounted',
  },
  {
    name: 'a PF that is down',
    facts: onPf(() => ({ link: { ...link, isUp: false, hasCarrier: null } })),
    row: 'Link of enp59s0f0 0000:3b:00.0',
    level: 'fail',
    found: 'down: its VFs carry no traffic',
    fix: 'ip link set enp59s0f0 up, and so at every boot',
    blocks: 'none',
  },
  {
    name: 'a PF without a link',
    facts: onPf(() => ({ link: { ...link, hasCarrier: false } })),
    row: 'Link of enp59s0f0 0000:3b:00.0',
    level: 'warn',
    found: 'up, no carrier',
  },
  {
    name: 'a card that cannot have VFs',
    facts: onPf(() => ({ vfs: null })),
    row: 'VFs of enp59s0f0 0000:3b:00.0',
    level: 'fail',
    found: 'it has no SR-IOV',
  },
  {
    name: 'a VF that a program of the host uses',
    facts: onVf({ driver: 'uio_pci_generic' }),
    row: 'Drivers',
    level: 'warn',
    found: '0000:3b:00.1 is bound to uio_pci_generic',
    fix: '/sys/bus/pci/drivers/uio_pci_generic/unbind',
  },
];

test.each(rows)('$name: $row $level', ({ facts, row, level, found, fix, blocks }) => {
  const checks = checkHost(aCheckedHost(facts));
  const check = checks.find(({ name }) => name === row);
  expect(check).toMatchObject({ level, found: expect.stringContaining(found) });
  expect(check?.fix === null).toBe(level === 'ok');
  if (fix !== undefined) expect(check?.fix).toContain(fix);
  if (blocks !== undefined) expect(check?.blocks).toBe(blocks);
  const problem = problemsOf(checks).find(({ code }) => code === check?.code);
  expect(problem !== undefined).toBe(level === 'fail');
});

test('what no device spec needs does not fail: without device specs an IOMMU that is off is only a note', () => {
  const checks = checkHost(
    aCheckedHost(
      {
        iommuGroups: 0,
        modules: { vfio_pci: 'absent', macvtap: 'loaded', '8021q': 'loaded', vhost_net: 'loaded' },
      },
      { entries: [] },
    ),
  );
  expect(checks.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(checks.some(({ name }) => name.startsWith('VFs of'))).toBe(false);
});

test('what was not inspected has no row', () => {
  const { facts, ...host } = aCheckedHost();
  const { libvirt: _one, qemuVersion: _two, stateDirectory: _three, ...rest } = facts;
  const names = checkHost({ ...host, facts: rest }).map(({ name }) => name);
  expect(names).not.toEqual(expect.arrayContaining(['libvirt']));
  expect(names).not.toEqual(expect.arrayContaining(['QEMU']));
  expect(names).not.toEqual(expect.arrayContaining(['State directory']));
});

test.each([
  { counts: { enp59s0f0: 2 }, level: 'ok', found: '2 of at most 8' },
  { counts: { '0000:3b:00.0': 4 }, level: 'warn', found: '2 of at most 8; vf_counts requires 4' },
  { counts: { enp59s0f0: 9 }, level: 'fail', found: '2 of at most 8; vf_counts requires 9' },
])('vf_counts $counts: $level', ({ counts, level, found }) => {
  const checks = checkHost(aCheckedHost({}, { vfCounts: counts }));
  expect(checks.find(({ name }) => name === 'VFs of enp59s0f0 0000:3b:00.0')).toMatchObject({
    level,
    found,
  });
});

test('vf_counts that names no PF of the host fails and names the entry', () => {
  const checks = checkHost(aCheckedHost({}, { vfCounts: { enp9s0: 4 }, entries: [] }));
  expect(problemsOf(checks)).toEqual([
    {
      code: 'pf-missing',
      message: 'PF enp9s0: vf_counts names it, and this host has no such PCI function',
      blocks: 'none',
    },
  ]);
});

test('device specs that match nothing are reported with the first finding', () => {
  const checks = checkHost(
    aCheckedHost({}, { entries: [{ vendor_id: '8086', product_id: '10ca' }] }),
  );
  expect(checks.find(({ name }) => name === 'Device specs')).toMatchObject({
    level: 'warn',
    found: expect.stringContaining('test: '),
    fix: 'novella pci check shows every entry',
  });
});
