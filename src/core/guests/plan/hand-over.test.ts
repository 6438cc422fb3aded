import { parsePciAddress } from '#core/pci/devices/address.ts';
import { pf0, vf0 } from '#test/hosts/guests.ts';
import { aPf, aVf } from '#test/worlds/store-rows.ts';
import { expect, test } from 'vitest';
import { type DeviceFacts, type HandOver, handOverProblems } from './hand-over.ts';

const fn = aVf(vf0, { ifname: 'enp1s0v0', parentAddress: pf0 });
const fine: DeviceFacts = {
  driver: 'igbvf',
  classCode: '020000',
  iommuGroup: { id: '9', others: [] },
  pf: { ifname: 'enp1s0', isUp: true },
  uses: [],
};
const sister = parsePciAddress('0000:01:10.2');
const whole: HandOver = {
  through: 'hostdev',
  isNic: true,
  together: new Set([fn.address]),
  elsewhere: new Map(),
};
/** The other function of the same group. */
const sharedWith = (driver: string | null, classCode = '040300') => ({
  iommuGroup: { id: '9', others: [{ address: sister, classCode, driver }] },
});

const refusals = [
  { name: 'everything is in order', facts: {}, gives: [] },
  { name: 'no driver is bound', facts: { driver: null }, gives: [] },
  { name: 'it is bound to vfio-pci', facts: { driver: 'vfio-pci' }, gives: [] },
  {
    name: 'IOMMU is off',
    facts: { iommuGroup: null },
    gives: [/^IOMMU is off, PCI device 0000:01:10.0 cannot .* add intel_iommu=on/],
  },
  {
    name: 'the host uses another device of its IOMMU group',
    facts: sharedWith('snd_hda_intel'),
    gives: [
      /^PCI device 0000:01:10.0 shares IOMMU group 9 with 0000:01:10.2 \(driver snd_hda_intel\), .*vfio-pci.*ACS/,
    ],
  },
  {
    name: 'another device of its IOMMU group is on vfio-pci',
    facts: sharedWith('vfio-pci'),
    gives: [],
  },
  { name: 'another device of its IOMMU group has no driver', facts: sharedWith(null), gives: [] },
  {
    name: 'a bridge is in its IOMMU group',
    facts: sharedWith('pcieport', '060400'),
    gives: [],
  },
  {
    name: 'a DPDK program uses it',
    facts: { driver: 'uio_pci_generic' },
    gives: [/^PCI device 0000:01:10.0 is bound to uio_pci_generic, a driver of another program/],
  },
  {
    name: 'its PF is down',
    facts: { pf: { ifname: 'enp1s0', isUp: false } },
    gives: [/^PF enp1s0 is down, .*: ip link set enp1s0 up$/],
  },
  {
    name: 'its PF has no interface',
    facts: { pf: null },
    gives: [/^PCI device 0000:01:10.0: its PF 0000:01:00.0 has no network interface/],
  },
  {
    name: 'the host uses it',
    facts: { uses: ['its interface enp1s0v0 is a port of bridge br9'] },
    gives: [/^PCI device 0000:01:10.0: its interface enp1s0v0 is a port of bridge br9$/],
  },
];

test.each(refusals)('a VF for passthrough: $name', ({ facts, gives }) => {
  const problems = handOverProblems(fn, whole, { ...fine, ...facts });
  expect(problems.map(({ message }) => message)).toEqual(
    gives.map((text) => expect.stringMatching(text)),
  );
});

test('a VF whose interface is in a container is not taken from it', () => {
  const [problem] = handOverProblems(aVf(vf0, { ifname: null }), whole, fine);
  expect(problem?.code).toBe('interface-elsewhere');
});

test('under a macvtap the host keeps the device: driver and IOMMU are ignored, its PF and users are checked', () => {
  const facts = { ...fine, driver: 'uio_pci_generic', iommuGroup: null };
  expect(handOverProblems(fn, { ...whole, through: 'macvtap' }, facts)).toEqual([]);
  const used = { ...facts, pf: { ifname: 'enp1s0', isUp: false }, uses: ['a macvtap is on it'] };
  expect(
    handOverProblems(fn, { ...whole, through: 'macvtap' }, used).map(({ code }) => code),
  ).toEqual(['device-used-by-host', 'pf-down']);
});

test('a PF needs no PF, and a device that is not a NIC needs no interface', () => {
  expect(handOverProblems(aPf(), whole, { ...fine, pf: null, driver: 'igb' })).toEqual([]);
  const gpu = { ...fine, classCode: '030000', pf: null, driver: 'nvidia' };
  expect(handOverProblems(aPf({ ifname: null }), whole, gpu)).toEqual([]);
});

test('one guest may have several devices of an IOMMU group', () => {
  const together = new Set([fn.address, sister]);
  const facts = { ...fine, ...sharedWith('snd_hda_intel') };
  expect(handOverProblems(fn, { ...whole, together }, facts)).toEqual([]);
});

test('two guests may not share an IOMMU group', () => {
  const elsewhere = new Map([[sister, 'instance-0000002a']]);
  const facts = { ...fine, ...sharedWith('vfio-pci') };
  const problems = handOverProblems(fn, { ...whole, elsewhere }, facts);
  expect(problems.map(({ message }) => message)).toEqual([
    'PCI device 0000:01:10.0 shares IOMMU group 9 with 0000:01:10.2 of guest instance-0000002a: a group has one guest at a time; use a slot whose port has ACS',
  ]);
});

test('InfiniBand needs no interface of the host, neither of the VF nor of its PF', () => {
  const infiniBand = { ...fine, classCode: '020700', driver: 'mlx5_core' };
  const vf = aVf(vf0, { ifname: null, parentAddress: pf0 });
  expect(handOverProblems(vf, whole, { ...infiniBand, pf: null })).toEqual([]);
  const down = { ...infiniBand, pf: { ifname: 'ib0', isUp: false } };
  expect(handOverProblems(vf, whole, down)).toEqual([]);
});

test("a VF of an alias is not configured through its PF, so the PF's interface is not required", () => {
  const alias = { ...whole, isNic: false };
  expect(handOverProblems(fn, alias, { ...fine, pf: null })).toEqual([]);
  const down = { ...fine, pf: { ifname: 'enp1s0', isUp: false } };
  expect(handOverProblems(fn, alias, down)).toEqual([]);
});

test.each(['uio_pci_generic', 'nvidia', 'igbvf', null])(
  'with managed "no" the driver %s is not checked; users and IOMMU group are',
  (driver) => {
    const unmanaged: HandOver = { ...whole, isNic: false, isUnmanaged: true };
    const vf = aVf(vf0, { ifname: null });
    expect(handOverProblems(vf, unmanaged, { ...fine, driver })).toEqual([]);
    const facts = { ...fine, ...sharedWith('snd_hda_intel'), driver, uses: ['it is used'] };
    expect(handOverProblems(vf, unmanaged, facts).map(({ code }) => code)).toEqual([
      'device-used-by-host',
      'iommu-group-shared',
    ]);
  },
);

test.each([
  ['type-VF', '10000:01:00.1', /^PCI device 10000:01:00.1: .* only a macvtap port can get it$/],
  ['type-PF', '10000:01:00.0', /QEMU does not take: no guest can get it$/],
  ['type-PCI', 'ffffffff:01:00.0', /no guest can get it$/],
] as const)('a %s in a PCI domain of %s is not passed through', (deviceType, text, expected) => {
  const address = parsePciAddress(text);
  const wide = aVf(vf0, { address, deviceType, ifname: 'ens1', parentAddress: null });
  const problems = handOverProblems(wide, whole, fine);
  expect(problems).toEqual([{ code: 'wide-domain', message: expect.stringMatching(expected) }]);
  expect(handOverProblems(wide, { ...whole, through: 'macvtap' }, fine)).toEqual([]);
  const narrow = { ...wide, address: parsePciAddress('ffff:01:00.1') };
  expect(handOverProblems(narrow, whole, fine)).toEqual([]);
});
