import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard } from '#test/hosts/pci-cards.ts';
import { poolsOf } from './pool.ts';
import { printStatsEntry, statsEntries } from './stats-entry.ts';

test('devices with equal ids, node, type, card and tags share a pool; only free ones count', () => {
  const [pf, first, ...more] = aCard({ vfs: 3 });
  const devices = [...more, { ...first!, status: 'claimed' as const, serverId: 's' }, pf!];
  expect(poolsOf(devices)).toEqual([
    {
      vendorId: '15b3',
      productId: '1017',
      numaNode: 0,
      deviceType: 'type-PF',
      address: '0000:3b:00.0',
      parentIfname: null,
      tags: { physical_network: 'physnet1', remote_managed: 'false' },
      count: 1,
    },
    {
      vendorId: '15b3',
      productId: '1018',
      numaNode: 0,
      deviceType: 'type-VF',
      address: '0000:3b:00.0',
      parentIfname: null,
      tags: { physical_network: 'physnet1', remote_managed: 'false' },
      count: 2,
    },
  ]);
});

test('a plain device has no remote_managed, tags for Placement are left out, a removed device is in no pool', () => {
  const [plain] = aCard({ vfs: 0, tags: { resource_class: 'CUSTOM_GPU', traits: 'a' } });
  const device = { ...plain!, deviceType: 'type-PCI' as const };
  expect(poolsOf([device])[0]?.tags).toEqual({ physical_network: 'physnet1' });
  expect(poolsOf([{ ...device, status: 'removed' }])).toEqual([]);
});

test('a VF whose entry omits remote_managed is not remote-managed', () => {
  const [vf] = aCard({ vfs: 1, hasPf: false });
  const device = { ...vf!, tags: { remote_managed: null } };
  expect(poolsOf([device])[0]?.tags).toEqual({ remote_managed: 'false' });
});

test('pools do not depend on the order of devices', () => {
  const devices = [
    ...aCard({ vfs: 2 }),
    ...aCard({ bus: 'd8', vfs: 2, network: null }),
    ...aCard({ bus: '01', vfs: 1, tags: { trusted: 'true' } }),
  ];
  const shuffled = fc.shuffledSubarray(devices, { minLength: devices.length });
  fc.assert(
    fc.property(shuffled, (other) => {
      expect(poolsOf(other)).toEqual(poolsOf(devices));
    }),
  );
});

test('the roll-up adds up cards of one network, product and vendor, null last', () => {
  const devices = [
    ...aCard({ vfs: 2, hasPf: false, network: null }),
    ...aCard({ bus: '01', vfs: 3, hasPf: false }),
    ...aCard({ bus: 'd8', vfs: 4, numaNode: 1 }),
  ];
  expect(statsEntries(poolsOf(devices)).map(printStatsEntry)).toEqual([
    'physnet1, 1017, 15b3 : 1',
    'physnet1, 1018, 15b3 : 7',
    '-, 1018, 15b3 : 2',
  ]);
});
