import { aBridgeNic, aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { expect, test } from 'vitest';
import type { GuestNic } from './guest.ts';
import { hasDisk } from './guest.ts';
import { heldByNic, heldDevices, heldHostDevice } from './held-device.ts';

const like = (nic: GuestNic, change: object): GuestNic => ({ ...nic, ...change });
const held = { address: vf0, isConfigured: false, trust: false } as const;

test.each([
  { name: 'a VF', given: aHostdevNic(vf0), gives: { ...held, through: 'hostdev' } },
  {
    name: 'a VF whose trust was set',
    given: like(aHostdevNic(vf0), { trusted: true }),
    gives: { ...held, through: 'hostdev', trust: true },
  },
  {
    name: 'a VF whose trust was taken: it is restored too',
    given: like(aHostdevNic(vf0), { trusted: false }),
    gives: { ...held, through: 'hostdev', trust: true },
  },
  {
    name: 'a macvtap, whose VF the agent configures',
    given: aMacvtapNic(vf0),
    gives: { ...held, through: 'macvtap', isConfigured: true },
  },
  {
    name: 'a macvtap whose external switch configures it',
    given: like(aMacvtapNic(vf0), { portProfileId: 'gold' }),
    gives: { ...held, through: 'macvtap' },
  },
  {
    name: 'a vDPA device',
    given: like(aHostdevNic(vf0), { kind: 'vdpa' }),
    gives: { ...held, through: 'vdpa' },
  },
  {
    name: 'a PF',
    given: like(aHostdevNic(vf0), { kind: 'hostdev-physical', trusted: true }),
    gives: { ...held, through: 'hostdev' },
  },
  { name: 'a virtual NIC: none', given: aBridgeNic(), gives: undefined },
] as const)('the device of $name', ({ given, gives }) => {
  expect(heldByNic(given)).toEqual(gives);
});

test('the device of an alias keeps its driver only where its entry says so', () => {
  const device = { ...held, through: 'hostdev' };
  expect(heldHostDevice({ address: vf0 })).toEqual(device);
  expect(heldHostDevice({ address: vf0, isUnmanaged: true })).toEqual({
    ...device,
    isUnmanaged: true,
  });
});

test('a guest holds the devices of its NICs, then those of its aliases', () => {
  const gpu = parsePciAddress('0000:5e:00.0');
  const guest = aGuest({
    nics: [aBridgeNic(), aMacvtapNic(vf1), aHostdevNic(vf0)],
    hostDevices: [{ address: gpu, requestId: 'r' }],
  });
  expect(heldDevices(guest).map(({ address }) => address)).toEqual([vf1, vf0, gpu]);
});

const kernel = { imageId: 'k', ramdiskImageId: null, commandLine: '' };
test.each([
  { name: 'an image', given: { imageId: 'i', diskGib: 0, kernel }, gives: true },
  { name: 'an empty disk', given: { imageId: null, diskGib: 1, kernel }, gives: true },
  { name: 'neither, and no kernel', given: { imageId: null, diskGib: 0 }, gives: true },
  { name: 'a kernel alone', given: { imageId: null, diskGib: 0, kernel }, gives: false },
])('a guest with $name has a disk: $gives', ({ given, gives }) => {
  expect(hasDisk(aGuest(given))).toBe(gives);
});
