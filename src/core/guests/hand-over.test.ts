import { parsePciAddress } from '#core/pci/address.ts';
import { pf0, vf0 } from '#test/guests.ts';
import { aPf, aVf } from '#test/store-rows.ts';
import { expect, test } from 'vitest';
import { type DeviceFacts, handOverProblems } from './hand-over.ts';

const fn = aVf(vf0, { ifname: 'enp1s0v0', parentAddress: pf0 });
const fine: DeviceFacts = {
  driver: 'igbvf',
  isNetwork: true,
  iommuGroup: { id: '9', others: [] },
  pf: { ifname: 'enp1s0', isUp: true },
  uses: [],
};

const refusals = [
  { name: 'all is well', facts: {}, gives: [] },
  { name: 'no driver is bound', facts: { driver: null }, gives: [] },
  { name: 'it waits on vfio-pci', facts: { driver: 'vfio-pci' }, gives: [] },
  {
    name: 'IOMMU is off',
    facts: { iommuGroup: null },
    gives: [/^IOMMU is off, PCI device 0000:01:10.0 cannot .* add intel_iommu=on/],
  },
  {
    name: 'its IOMMU group has others',
    facts: { iommuGroup: { id: '9', others: [parsePciAddress('0000:01:10.2')] } },
    gives: [/^PCI device 0000:01:10.0 shares IOMMU group 9 with 0000:01:10.2: .*ACS/],
  },
  {
    name: 'a DPDK program has it',
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

test.each(refusals)('a VF that a guest is to have whole: $name', ({ facts, gives }) => {
  const problems = handOverProblems(fn, 'hostdev', { ...fine, ...facts });
  expect(problems.map(({ message }) => message)).toEqual(
    gives.map((text) => expect.stringMatching(text)),
  );
});

test('a VF whose interface is in a container is not taken away from it', () => {
  const [problem] = handOverProblems(aVf(vf0, { ifname: null }), 'hostdev', fine);
  expect(problem?.code).toBe('interface-elsewhere');
});

test('under a macvtap the host keeps the device: driver and IOMMU do not matter, its PF and users do', () => {
  const facts = { ...fine, driver: 'uio_pci_generic', iommuGroup: null };
  expect(handOverProblems(fn, 'macvtap', facts)).toEqual([]);
  const used = { ...facts, pf: { ifname: 'enp1s0', isUp: false }, uses: ['a macvtap is on it'] };
  expect(handOverProblems(fn, 'macvtap', used).map(({ code }) => code)).toEqual([
    'device-used-by-host',
    'pf-down',
  ]);
});

test('a PF has no PF, and a device that is no NIC needs no interface', () => {
  expect(handOverProblems(aPf(), 'hostdev', { ...fine, pf: null, driver: 'igb' })).toEqual([]);
  const gpu = { ...fine, isNetwork: false, pf: null, driver: 'nvidia' };
  expect(handOverProblems(aPf({ ifname: null }), 'hostdev', gpu)).toEqual([]);
});
