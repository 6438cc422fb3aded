import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aCard, aRequest, type CardOptions } from '#test/hosts/pci-cards.ts';
import { type AllocationInput, allocateDevices } from './allocate.ts';
import type { PciDevice } from '../devices/device.ts';
import { groupByPool } from '../pools/pool.ts';
import { allowsNumaNode, matchesRequest } from '../pools/pool-match.ts';
import type { NumaPolicy, PciRequestSpec } from '../requests/request.ts';
import { canSupport } from './support.ts';

const pfOf = { dev_type: 'type-PF' };
const sockets = [0, 1, 2, 3].map((id) => ({ id, socket: id < 2 ? 0 : 1 }));
const twoCards = [...aCard({ bus: '3b', vfs: 2 }), ...aCard({ bus: 'd8', vfs: 2, numaNode: 2 })];

const granted: { name: string; given: AllocationInput; gives: string[] }[] = [
  {
    name: 'a port takes the VF with the lowest address',
    given: { devices: aCard({ vfs: 3 }), requests: [aRequest('r1')] },
    gives: ['r1 0000:3b:00.1'],
  },
  {
    name: 'a count is taken from several cards where one is not enough',
    given: { devices: twoCards, requests: [aRequest('r1', { count: 3 })] },
    gives: ['r1 0000:3b:00.1', 'r1 0000:3b:00.2', 'r1 0000:d8:00.1'],
  },
  {
    name: 'a PF and a VF come from different cards',
    given: { devices: twoCards, requests: [aRequest('r1'), aRequest('r2', { asks: pfOf })] },
    gives: ['r1 0000:d8:00.1', 'r2 0000:3b:00.0'],
  },
  {
    name: 'an untagged device comes before a tagged one for a request without the tag',
    given: {
      devices: [...aCard({ vfs: 1, tags: { trusted: 'true' } }), ...aCard({ bus: 'd8', vfs: 1 })],
      requests: [aRequest('r1')],
    },
    gives: ['r1 0000:d8:00.1'],
  },
  {
    name: 'an earlier request takes another device where a later one has no other choice',
    given: {
      devices: [...aCard({ vfs: 1 }), ...aCard({ bus: 'd8', vfs: 1, tags: { trusted: 'true' } })],
      requests: [
        aRequest('r1', { spec: [{ vendor_id: '15b3' }] }),
        aRequest('r2', { spec: [{ vendor_id: '15b3', trusted: null }] }),
      ],
    },
    gives: ['r1 0000:d8:00.1', 'r2 0000:3b:00.1'],
  },
  {
    name: 'a tunnelled network takes a device tagged null',
    given: {
      devices: aCard({ vfs: 1, network: null }),
      requests: [aRequest('r1', { network: null })],
    },
    gives: ['r1 0000:3b:00.1'],
  },
  {
    name: 'a tunnelled network takes an untagged device as well',
    given: {
      devices: aCard({ vfs: 1 }).map((device) => ({ ...device, tags: {} })),
      requests: [aRequest('r1', { network: null })],
    },
    gives: ['r1 0000:3b:00.1'],
  },
  {
    name: 'text is compared case-insensitively',
    given: {
      devices: aCard({ vfs: 1, network: 'Red' }),
      requests: [aRequest('r1', { network: 'red' })],
    },
    gives: ['r1 0000:3b:00.1'],
  },
  {
    name: 'preferred takes the device on the guest node first',
    given: {
      devices: twoCards,
      requests: [aRequest('r1', { numaPolicy: 'preferred' })],
      numaCells: [2],
    },
    gives: ['r1 0000:d8:00.1'],
  },
  {
    name: 'socket accepts a node of the same socket',
    given: {
      devices: twoCards,
      requests: [aRequest('r1', { numaPolicy: 'socket' })],
      numaCells: [3],
      hostNuma: sockets,
    },
    gives: ['r1 0000:d8:00.1'],
  },
  { name: 'no request takes nothing', given: { devices: twoCards, requests: [] }, gives: [] },
];

describe('allocateDevices', () => {
  for (const { name, given, gives } of granted) {
    test(`grants: ${name}`, () => {
      const verdict = allocateDevices(given);
      const found = verdict.ok
        ? verdict.assignments.map(({ requestId, address }) => `${requestId} ${address}`)
        : verdict.reasons;
      expect(found).toEqual(gives);
    });
  }
});

const refused: { name: string; given: AllocationInput; expected: string[] }[] = [
  {
    name: 'a network without devices on the host',
    given: { devices: aCard({ vfs: 3 }), requests: [aRequest('r1', { network: 'physnet2' })] },
    expected: ['physnet2: 0 of 1 VF free'],
  },
  {
    name: 'two ports on one VF',
    given: { devices: aCard({ vfs: 1 }), requests: [aRequest('r1'), aRequest('r2')] },
    expected: ['physnet1: 1 of 2 VFs free'],
  },
  {
    name: 'a PF and a VF of the only card',
    given: {
      devices: aCard({ vfs: 2 }),
      requests: [aRequest('r1'), aRequest('r2', { asks: pfOf })],
    },
    expected: [
      'each request fits alone, but not all together: 1 on physnet1 VF and 1 on physnet1 PF (a PF and its VFs cannot both be taken)',
    ],
  },
  {
    name: 'a trusted VF where no VF is trusted',
    given: {
      devices: aCard({ vfs: 2 }),
      requests: [aRequest('r1', { asks: { trusted: 'True' } })],
    },
    expected: ['physnet1: 0 of 1 VF free (2 free with trusted unset, "True" requested)'],
  },
  {
    name: 'a device on another node under policy required',
    given: {
      devices: aCard({ vfs: 2 }),
      requests: [aRequest('r1', { numaPolicy: 'required' })],
      numaCells: [1],
    },
    expected: ['physnet1: 0 of 1 VF free on NUMA node 1 (policy required; 2 free elsewhere)'],
  },
  {
    name: 'a device without a node under policy socket',
    given: {
      devices: aCard({ vfs: 1, numaNode: null }),
      requests: [aRequest('r1', { numaPolicy: 'socket' })],
      numaCells: [0],
      hostNuma: sockets,
    },
    expected: ['physnet1: 0 of 1 VF free on NUMA node 0 (policy socket; 1 free elsewhere)'],
  },
  {
    name: 'a tunnelled network',
    given: { devices: aCard({ vfs: 1 }), requests: [aRequest('r1', { network: null })] },
    expected: ['no physical network: 0 of 1 VF free'],
  },
  {
    name: 'an alias, by the flavor’s name for it',
    given: {
      devices: aCard({ vfs: 1 }),
      requests: [
        aRequest('r1', {
          aliasName: 'gpu',
          count: 2,
          spec: [{ vendor_id: '10de', product_id: '1db4' }],
        }),
      ],
    },
    expected: ['alias gpu: 0 of 2 devices free'],
  },
];

describe('allocateDevices', () => {
  for (const { name, given, expected } of refused) {
    test(`refuses ${name}`, () => {
      const verdict = allocateDevices(given);
      expect(verdict.ok ? verdict.assignments : verdict.reasons.map((one) => one.message)).toEqual(
        expected,
      );
    });
  }
});

const anyNode = fc.constantFrom(0, 1, null);
const anyTags = fc.constantFrom<Record<string, string>>({}, { trusted: 'true' });
const anyPolicy = fc.constantFrom<NumaPolicy | null>('legacy', 'required', 'preferred', null);

/** PFs and VFs on two networks, up to two for a request. */
const mixed = {
  card: fc.record({
    vfs: fc.integer({ min: 0, max: 2 }),
    network: fc.constantFrom('red', 'blue'),
    numaNode: anyNode,
    hasPf: fc.boolean(),
    tags: anyTags,
  }),
  request: fc.record({
    network: fc.constantFrom('red', 'blue'),
    count: fc.integer({ min: 1, max: 2 }),
    numaPolicy: anyPolicy,
    asks: fc.constantFrom<PciRequestSpec>({}, pfOf, { trusted: 'True' }),
  }),
};

/** Single VFs that several requests match: taking the first that fits is wrong. */
const crowded = {
  card: fc.record({
    vfs: fc.constant(1),
    network: fc.constant('red'),
    numaNode: anyNode,
    hasPf: fc.constant(false),
    tags: anyTags,
  }),
  request: fc.record({
    network: fc.constant('red'),
    count: fc.constant(1),
    numaPolicy: anyPolicy,
    asks: fc.constantFrom<PciRequestSpec>({}, { trusted: 'True' }, { trusted: null }),
  }),
};

function inputOf({ card, request }: typeof mixed | typeof crowded): fc.Arbitrary<AllocationInput> {
  const cards = fc.array<CardOptions>(card, { minLength: 1, maxLength: 3 });
  const requested = fc.array<Parameters<typeof aRequest>[1]>(request, {
    minLength: 1,
    maxLength: 3,
  });
  return fc.record({
    devices: cards.map((all) => all.flatMap((options, at) => aCard({ ...options, bus: `0${at}` }))),
    requests: requested.map((all) => all.map((options, at) => aRequest(`r${at}`, options))),
    numaCells: fc.constantFrom([], [0], [1]),
  });
}

const input = fc.oneof(inputOf(mixed), inputOf(crowded));

/** Every way to give each unit of each request a device of its own, tried one after the other. */
function isPossible({ devices: all, requests, numaCells = [] }: AllocationInput): boolean {
  const poolOf = new Map(
    groupByPool(all).flatMap(({ pool, free }) => free.map((device) => [device, pool] as const)),
  );
  const units = requests.flatMap((one) => Array.from({ length: one.count }, () => one));
  const place = (at: number, taken: PciDevice[]): boolean => {
    const unit = units[at];
    if (unit === undefined) return true;
    return [...poolOf].some(
      ([device, pool]) =>
        matchesRequest(pool, unit) &&
        allowsNumaNode(unit.numaPolicy, pool.numaNode, { cells: numaCells }) &&
        taken.every((other) => !excludes(device, other)) &&
        place(at + 1, [...taken, device]),
    );
  };
  return place(0, []);
}

function excludes(one: PciDevice, other: PciDevice): boolean {
  return (
    one.address === other.address ||
    one.parentAddress === other.address ||
    other.parentAddress === one.address
  );
}

test('an allocation succeeds exactly when an exhaustive search finds one', () => {
  fc.assert(
    fc.property(input, (given) => {
      expect(allocateDevices(given).ok).toBe(isPossible(given));
    }),
    { numRuns: 1000 },
  );
});

test('an allocation gives each request its count, no device twice, and never a PF with its VF', () => {
  fc.assert(
    fc.property(input, (given) => {
      const verdict = allocateDevices(given);
      fc.pre(verdict.ok);
      const taken = verdict.assignments.map(
        ({ address }) => given.devices.find((device) => device.address === address)!,
      );
      for (const [at, device] of taken.entries()) {
        expect(taken.filter((other, index) => index !== at && excludes(device, other))).toEqual([]);
      }
      for (const { requestId, count } of given.requests) {
        const own = verdict.assignments.filter((one) => one.requestId === requestId);
        expect(own).toHaveLength(count);
      }
    }),
    { numRuns: 500 },
  );
});

test('the pools alone give the same answer as the devices', () => {
  fc.assert(
    fc.property(input, ({ devices: all, requests, numaCells = [] }) => {
      const pools = groupByPool(all).map(({ pool }) => pool);
      const fromPools = canSupport(pools, requests, { cells: numaCells });
      expect(fromPools.ok).toBe(allocateDevices({ devices: all, requests, numaCells }).ok);
    }),
    { numRuns: 300 },
  );
});
