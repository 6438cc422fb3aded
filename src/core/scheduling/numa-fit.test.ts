import { expect, test } from 'vitest';
import type { PciDevicePool } from '../pci/pools/pool.ts';
import type { PciRequest } from '../pci/requests/request.ts';
import { canSupport } from '../pci/claims/support.ts';
import type { GuestNuma } from '../servers/guest-numa.ts';
import { type HostNuma, type NumaClaim, numaPlacements } from './numa-fit.ts';
import { fitTogether } from './pci-fit.ts';

/** Two nodes of four processors and 1 GiB; the first two of each are dedicated. */
function aHost(claims: NumaClaim[] = []): HostNuma {
  const node = (id: number) => ({
    id,
    socket: id,
    cpus: [4 * id + 2, 4 * id + 3],
    dedicatedCpus: [4 * id, 4 * id + 1],
    memoryMib: 1024,
  });
  return { nodes: [node(0), node(1)], claims };
}

const guest = (vcpus: number, cells = 1, isPinned = true): GuestNuma => ({
  isPinned,
  cells: Array.from({ length: cells }, () => ({ vcpus, memoryMib: 512 })),
});

const claim = (node: number, cpus: number[], memoryMib = 512): NumaClaim => ({
  serverId: 's1',
  node,
  vcpus: cpus.length,
  memoryMib,
  cpus,
});

const cpusOf = (wanted: GuestNuma, host: HostNuma) =>
  [...numaPlacements(wanted, host)].map((shares) => shares.map(({ cpus }) => cpus));

test.each([
  {
    name: 'one cell fits either node',
    given: cpusOf(guest(2), aHost()),
    gives: [[[0, 1]], [[4, 5]]],
  },
  {
    name: 'two cells never share a node',
    given: cpusOf(guest(1, 2), aHost()),
    gives: [
      [[0], [4]],
      [[4], [0]],
    ],
  },
  { name: 'more than a node has is refused', given: cpusOf(guest(3), aHost()), gives: [] },
  {
    name: 'processors that another guest has are skipped',
    given: cpusOf(guest(1), aHost([claim(0, [0]), claim(1, [4, 5])])),
    gives: [[[1]]],
  },
  {
    name: 'memory is not shared',
    given: cpusOf(guest(1), aHost([claim(0, [], 1024)])),
    gives: [[[4]]],
  },
  {
    name: 'guests that share processors',
    given: cpusOf(guest(2, 1, false), aHost()),
    gives: [[[]], [[]]],
  },
  {
    name: 'shared processors that do not exist are refused',
    given: cpusOf(guest(3, 1, false), aHost()),
    gives: [],
  },
])('$name', ({ given, gives }) => {
  expect(given).toEqual(gives);
});

const pool: PciDevicePool = {
  vendorId: '15b3',
  productId: '1018',
  numaNode: 1,
  deviceType: 'type-VF',
  address: '0000:3b:00.0',
  parentIfname: null,
  tags: {},
  count: 1,
};

function request(numaPolicy: PciRequest['numaPolicy']): PciRequest {
  return {
    requestId: 'r1',
    count: 1,
    spec: [{ vendor_id: '15b3' }],
    needsInterface: false,
    aliasName: null,
    numaPolicy,
    requesterId: null,
  };
}

function nodeFor(numaPolicy: PciRequest['numaPolicy'], host: HostNuma, wanted = guest(1)) {
  const requests = [request(numaPolicy)];
  const verdict = fitTogether({ guest: wanted, host, pools: [pool], requests }, (placement) =>
    canSupport([pool], requests, placement),
  );
  return verdict.ok ? verdict.shares[0]?.node : verdict.reasons[0]?.code;
}

test('a cell is placed on the node of its device', () => {
  expect(nodeFor('required', aHost())).toBe(1);
});

test('where that node is full, only the policy "preferred" uses another', () => {
  const full = aHost([claim(1, [4, 5])]);
  expect(nodeFor('required', full)).toBe('pci-numa');
  expect(nodeFor(null, full)).toBe('pci-numa');
  expect(nodeFor('preferred', full)).toBe(0);
});

test('without PCI requests a cell avoids nodes with devices', () => {
  const verdict = fitTogether(
    { guest: guest(1), host: { ...aHost() }, pools: [{ ...pool, numaNode: 0 }], requests: [] },
    () => ({ ok: true }),
  );
  expect(verdict).toMatchObject({ ok: true, shares: [{ node: 1 }] });
});

test('a refusal of cells that fit nowhere has figures', () => {
  expect(nodeFor('required', aHost(), guest(3))).toBe('no-numa-fit');
});
