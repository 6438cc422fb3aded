/** The letters of devices, and why one cannot be given. */
import { expect, test } from 'vitest';
import type { PciDevice } from '../devices/device.ts';
import { parsePciAddress } from '../devices/address.ts';
import { aPf, aVf } from '#test/worlds/store-rows.ts';
import { availabilityLetters, availabilityOf, whyUnavailable } from './availability.ts';
import { hostFabric } from './host-fabric.ts';

const held = { status: 'allocated', serverId: 's1', requestId: 'r1' } as const;
const vf = (number: number, change: Partial<PciDevice> = {}) =>
  aVf(`0000:81:10.${number}`, { capabilities: { sriov: { vfNum: number } }, ...change });
const another = { function: aVf('0000:81:10.0', { vendorId: '15b3' }), tags: {} };

test.each([
  ['free', vf(0), {}, undefined],
  ['claimed', vf(0, { ...held, status: 'claimed' }), {}, 'server s1 is being started with it'],
  ['held', vf(0, held), {}, 'server s1 has it'],
  [
    'held',
    vf(0, { ...held, found: { function: vf(0), tags: { a: 'b' } } }),
    {},
    'server s1 has it',
  ],
  [
    'pf-taken',
    vf(0, { status: 'unavailable' }),
    { pf: aPf(held) },
    'its PF 0000:81:00.0 is held by server s1',
  ],
  ['pf-taken', vf(0, { status: 'unclaimable' }), {}, 'its PF 0000:81:00.0 is held by a server'],
  [
    'vfs-taken',
    aPf({ status: 'unavailable' }),
    { vfs: [vf(0), vf(1, held), vf(2, held)] },
    'its VF 0000:81:10.1 is held by server s1, and 1 more of its VFs are held',
  ],
  ['missing', vf(0, { ...held, status: 'missing' }), {}, 'no longer reports it'],
  ['replaced', vf(0, { ...held, status: 'missing', found: another }), {}, 'is another device now'],
  ['quarantined', vf(0, { status: 'unavailable', quarantine: 'dirty' }), {}, 'dirty'],
  [
    'quarantined',
    vf(0, { status: 'unavailable' }),
    { pf: aPf({ status: 'unavailable', quarantine: 'dirty' }) },
    'its PF 0000:81:00.0: dirty',
  ],
  ['not-offered', vf(0, { status: 'removed' }), {}, 'its host no longer offers 0000:81:10.0'],
] as const)('a device is %s', (word, device, relatives, message) => {
  expect(availabilityOf(device, relatives)).toBe(word);
  const why = whyUnavailable(device, relatives);
  expect(why?.message).toEqual(
    message === undefined ? undefined : expect.stringContaining(message),
  );
});

test('every state has a letter of its own', () => {
  const letters = Object.values(availabilityLetters);
  expect(new Set(letters).size).toBe(letters.length);
  expect(letters.every((letter) => letter.length === 1)).toBe(true);
});

test('VFs are letters by number; a number that no VF has is not offered', () => {
  const devices = [aPf({ status: 'unavailable' }), vf(3), vf(0, held), vf(1)];
  expect(hostFabric(devices)).toEqual({
    pfs: [
      {
        address: '0000:81:00.0',
        ifname: 'ens1f0',
        numaNode: 0,
        networks: ['physnet1'],
        pf: 'v',
        vfs: 'hf.f',
      },
    ],
    plain: '',
  });
});

test.each([
  ['one has none', [vf(0), vf(2, { capabilities: {} }), vf(5, held)]],
  ['two have the same', [vf(0), aVf('0000:81:10.3'), vf(5, held)]],
  ['one is impossible', [vf(0), vf(1, { capabilities: { sriov: { vfNum: 1e9 } } }), vf(2, held)]],
])('without usable numbers VFs are in address order: %s', (_, devices) => {
  expect(hostFabric(devices).pfs.map(({ vfs }) => vfs)).toEqual(['ffh']);
});

test('a PF that is not offered has its VFs; devices without SR-IOV and removed ones', () => {
  const plain = (address: string, change: Partial<PciDevice> = {}) =>
    aVf(address, { deviceType: 'type-PCI', parentAddress: null, tags: {}, ...change });
  const other = { parentAddress: parsePciAddress('0000:02:00.0'), parentIfname: null };
  const devices = [
    plain('0000:61:00.0', held),
    plain('0000:62:00.0'),
    vf(0),
    vf(1, { status: 'removed' }),
    vf(2, { ...other, tags: {}, numaNode: null, capabilities: {} }),
  ];
  const { plain: letters, pfs } = hostFabric(devices);
  expect(letters).toBe('hf');
  expect(pfs.map(({ address, pf, vfs }) => `${address} ${pf} ${vfs}`)).toEqual([
    '0000:02:00.0 . f',
    '0000:81:00.0 . f',
  ]);
  expect(pfs[0]).toMatchObject({ ifname: null, numaNode: null, networks: [] });
});
