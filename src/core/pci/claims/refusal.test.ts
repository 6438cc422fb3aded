import { describe, expect, test } from 'vitest';
import { aCard, aRequest, type CardOptions } from '#test/hosts/pci-cards.ts';
import type { Reason } from '../../reason.ts';
import { poolsOf } from '../pools/pool.ts';
import type { NumaPlacement } from '../pools/pool-match.ts';
import { explainRefusal } from './refusal.ts';
import type { PciRequest } from '../requests/request.ts';

const pfPool = '15b3:1017 type-PF of 0000:3b:00.0, physical_network physnet1: 1';
const vfPool = (count: number) =>
  `15b3:1018 type-VF of 0000:3b:00.0, physical_network physnet1: ${count}`;
const trusted = { tags: { trusted: 'true' } };

const rows: {
  name: string;
  cards: CardOptions[];
  requests: PciRequest[];
  placement?: NumaPlacement;
  gives: Reason[];
}[] = [
  {
    name: 'too few: figures and pools',
    cards: [{ vfs: 1 }],
    requests: [aRequest('r1', { count: 2 })],
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet1: 1 of 2 VFs free',
        data: { requestId: 'r1', needed: 2, free: 1, pools: [pfPool, vfPool(1)] },
      },
    ],
  },
  {
    name: 'a network without pools has no near miss; pools without a network are reported as such',
    cards: [{ vfs: 1, hasPf: false, network: null }],
    requests: [aRequest('r1')],
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet1: 0 of 1 VF free',
        data: {
          requestId: 'r1',
          needed: 1,
          free: 0,
          pools: ['15b3:1018 type-VF of 0000:3b:00.0: 1'],
        },
      },
    ],
  },
  {
    name: 'equal near misses are added up',
    cards: [
      { vfs: 2, hasPf: false },
      { bus: 'd8', vfs: 3, hasPf: false, numaNode: 1 },
      { bus: '01', vfs: 1, hasPf: false, tags: { trusted: 'false' } },
    ],
    requests: [aRequest('r1', { asks: { trusted: 'true' } })],
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet1: 0 of 1 VF free (1 free with trusted "false", "true" requested)',
        data: {
          requestId: 'r1',
          needed: 1,
          free: 0,
          nearest: '1 free with trusted "false", "true" requested',
          pools: [
            '15b3:1018 type-VF of 0000:01:00.0, physical_network physnet1: 1',
            vfPool(2),
            '15b3:1018 type-VF of 0000:d8:00.0, physical_network physnet1: 3',
          ],
        },
      },
    ],
  },
  {
    name: 'a tag that must be unset',
    cards: [{ vfs: 1, hasPf: false, ...trusted }],
    requests: [aRequest('r1', { asks: { trusted: null } })],
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet1: 0 of 1 VF free (1 free with trusted "true", "unset" requested)',
        data: {
          requestId: 'r1',
          needed: 1,
          free: 0,
          nearest: '1 free with trusted "true", "unset" requested',
          pools: [vfPool(1)],
        },
      },
    ],
  },
  {
    name: 'distant devices: figures and policy',
    cards: [
      { vfs: 2, hasPf: false },
      { bus: 'd8', vfs: 1, hasPf: false, numaNode: 1 },
    ],
    requests: [aRequest('r1', { count: 2 })],
    placement: { cells: [1, 2] },
    gives: [
      {
        code: 'pci-numa',
        message: 'physnet1: 1 of 2 VFs free on NUMA node 1, 2 (policy legacy; 2 free elsewhere)',
        data: {
          requestId: 'r1',
          needed: 2,
          free: 1,
          freeElsewhere: 2,
          policy: 'legacy',
          pools: [vfPool(2), '15b3:1018 type-VF of 0000:d8:00.0, physical_network physnet1: 1'],
        },
      },
    ],
  },
  {
    name: 'several ports on too few devices: the requests, and only pools that match one',
    cards: [{ vfs: 2 }],
    requests: [aRequest('r1'), aRequest('r2', { count: 2 })],
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet1: 2 of 3 VFs free',
        data: { requestIds: ['r1', 'r2'], needed: 3, free: 2, pools: [vfPool(2)] },
      },
    ],
  },
  {
    name: 'each type alone would fit',
    cards: [{ vfs: 2 }],
    requests: [
      aRequest('r1', { count: 2 }),
      aRequest('r2', { aliasName: 'nic', spec: [{ dev_type: 'type-PF' }] }),
    ],
    gives: [
      {
        code: 'pci-together',
        message:
          'each request fits alone, but not all together: 2 on physnet1 VF and 1 alias nic PF (a PF and its VFs cannot both be taken)',
        data: { requestIds: ['r1', 'r2'] },
      },
    ],
  },
  {
    name: 'two requests that are refused for the same reason are one reason, which counts both',
    cards: [{ vfs: 1, hasPf: false }],
    requests: ['r1', 'r2'].map((id) => aRequest(id, { network: 'physnet2' })),
    gives: [
      {
        code: 'pci-exhausted',
        message: 'physnet2: 0 of 2 VFs free',
        data: { requestId: 'r1', needed: 2, free: 0, pools: [vfPool(1)] },
      },
    ],
  },
];

describe('explainRefusal', () => {
  for (const { name, cards, requests, placement = {}, gives } of rows) {
    test(name, () => {
      const pools = poolsOf(cards.flatMap(aCard));
      expect(explainRefusal(pools, requests, placement)).toEqual(gives);
    });
  }

  test('an exhausted pool is no near miss, nor is one with two mismatches', () => {
    const pools = poolsOf(aCard({ vfs: 1, hasPf: false })).map((pool) => ({ ...pool, count: 0 }));
    const [used] = explainRefusal(pools, [aRequest('r1', { asks: { trusted: 'true' } })], {});
    expect(used?.message).toBe('physnet1: 0 of 1 VF free');
    const other = poolsOf(aCard({ vfs: 1, hasPf: false }));
    const asks = { trusted: 'true', color: 'red' };
    const [far] = explainRefusal(other, [aRequest('r1', { asks })], {});
    expect(far?.message).toBe('physnet1: 0 of 1 VF free');
  });

  test('a mismatch of type or ids is no near miss', () => {
    const pools = poolsOf(aCard({ vfs: 1, hasPf: false }));
    for (const asks of [{ dev_type: 'type-PCI' }, { vendor_id: '8086' }, { product_id: '1' }]) {
      const [reason] = explainRefusal(pools, [aRequest('r1', { asks })], {});
      expect(reason?.message).toMatch(/^physnet1: 0 of 1 VF free$/);
    }
  });

  test('at most eight pools are named', () => {
    const cards = Array.from({ length: 10 }, (_, at) =>
      aCard({ bus: `1${at}`, vfs: 1, hasPf: false }),
    );
    const [reason] = explainRefusal(poolsOf(cards.flat()), [aRequest('r1', { count: 11 })], {});
    expect(reason?.data?.['pools']).toHaveLength(8);
  });
});

const text: { name: string; given: Partial<PciRequest>; expected: string }[] = [
  {
    name: 'PF',
    given: { spec: [{ dev_type: 'type-PF' }] },
    expected: 'dev_type type-PF: 0 of 1 PF free',
  },
  {
    name: 'vdpa',
    given: { spec: [{ dev_type: 'vdpa', physical_network: 'a' }] },
    expected: 'a: 0 of 1 vdpa device free',
  },
  {
    name: 'VF of an alias',
    given: { aliasName: 'nic', spec: [{ dev_type: 'type-VF' }] },
    expected: 'alias nic: 0 of 1 VF free',
  },
  {
    name: 'device',
    given: { aliasName: 'gpu', count: 2, spec: [{}] },
    expected: 'alias gpu: 0 of 2 devices free',
  },
  {
    name: 'keys',
    given: { spec: [{ vendor_id: '10de', product_id: '1db4' }] },
    expected: 'vendor_id 10de, product_id 1db4: 0 of 1 VF free',
  },
];

for (const { name, given, expected } of text) {
  test(`a request is described by its device type and place: ${name}`, () => {
    expect(explainRefusal([], [aRequest('r1', given)], {}).map(({ message }) => message)).toEqual([
      expected,
    ]);
  });
}

test.each([
  {
    name: 'an alias of the wrong device_type',
    asks: { vendor_id: '15b3', product_id: '1017', dev_type: 'type-PCI' },
    gives: 'alias gpu: 0 of 1 device free (1 free with dev_type type-PF, type-PCI requested)',
  },
  {
    name: 'an alias without device_type, of a function with SR-IOV',
    asks: { vendor_id: '15b3', product_id: '1017' },
    gives: 'alias gpu: 0 of 1 device free (1 free with dev_type type-PF, none requested)',
  },
  {
    name: 'an alias of another product',
    asks: { vendor_id: '15b3', product_id: 'ffff' },
    gives: 'alias gpu: 0 of 1 device free',
  },
])('$name', ({ asks, gives }) => {
  const request = { ...aRequest('r1', { aliasName: 'gpu' }), spec: [asks] };
  const [reason] = explainRefusal(poolsOf(aCard({ vfs: 0 })), [request], {});
  expect(reason?.message).toBe(gives);
});

test.each([
  ['direct', {}, 'physnet1: 0 of 1 VF free (1 free of type PCI: no SR-IOV)'],
  [
    'direct-physical',
    { dev_type: 'type-PF' },
    'physnet1: 0 of 1 PF free (1 free of type PCI: no SR-IOV)',
  ],
])('a %s port and a NIC without SR-IOV on its network', (_, asks, gives) => {
  const [nic] = aCard({ vfs: 0 });
  const pools = poolsOf([{ ...nic!, deviceType: 'type-PCI' }]);
  const [reason] = explainRefusal(pools, [aRequest('r1', { asks })], {});
  expect(reason?.message).toBe(gives);
});
