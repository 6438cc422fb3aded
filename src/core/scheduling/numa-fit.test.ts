import { describe, expect, test } from 'vitest';
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

test('nodes are tried by their number, in whatever order the host reports them', () => {
  const { nodes } = aHost();
  const reversed = { nodes: nodes.toReversed(), claims: [] };
  expect(cpusOf(guest(2), reversed)).toEqual([[[0, 1]], [[4, 5]]]);
});

/** A guest of two vcpus that share, on a host with one node of two processors. */
function sharesOf(claims: NumaClaim[]): number {
  const [node] = aHost().nodes;
  return [...numaPlacements(guest(2, 1, false), { nodes: [node!], claims })].length;
}
const shared = (vcpus: number) => ({ ...claim(0, [], 0), vcpus });

test.each([
  { name: 'six vcpus on two processors leave room for two', given: [shared(6)], gives: 1 },
  { name: 'seven leave none', given: [shared(7)], gives: 0 },
  { name: 'those of several guests are added', given: [shared(4), shared(3)], gives: 0 },
  { name: 'pinned ones take no shared processor', given: [shared(6), claim(0, [0, 1])], gives: 1 },
])('four vcpus share a processor: $name', ({ given, gives }) => {
  expect(sharesOf(given)).toBe(gives);
});

describe('cells and devices together', () => {
  const host = aHost();
  const nodesTried = (pools: PciDevicePool[], requests: PciRequest[]) => {
    const tried: unknown[] = [];
    fitTogether({ guest: guest(1), host, pools, requests }, ({ cells }) => {
      tried.push(cells);
      return { ok: false, reasons: [] };
    });
    return tried;
  };
  const on = (numaNode: number, count: number, vendorId = '15b3') =>
    ({ ...pool, numaNode, count, vendorId }) as PciDevicePool;

  test.each([
    {
      name: 'the node with a device for the request comes first, however many others another has',
      given: nodesTried([on(0, 9, '8086'), on(1, 1)], [request(null)]),
      gives: [[1], [0]],
    },
    {
      name: 'the node with the most devices comes first',
      given: nodesTried([on(0, 1), on(1, 1), on(1, 1)], [request(null)]),
      gives: [[1], [0]],
    },
    {
      name: 'a device for any of the requests counts',
      given: nodesTried(
        [on(1, 1)],
        [request(null), { ...request(null), spec: [{ vendor_id: '8086' }] }],
      ),
      gives: [[1], [0]],
    },
    {
      name: 'without requests the node with the fewest devices comes first',
      given: nodesTried([on(0, 2), on(1, 1, '8086')], []),
      gives: [[1], [0]],
    },
  ])('$name', ({ given, gives }) => {
    expect(given).toEqual(gives);
  });

  test('the first node that is accepted is taken', () => {
    const verdict = fitTogether({ guest: guest(1), host, pools: [], requests: [] }, ({ cells }) =>
      cells?.[0] === 1 ? { ok: true } : { ok: false, reasons: [{ code: 'x', message: 'no' }] },
    );
    expect(verdict).toMatchObject({ ok: true, shares: [{ node: 1 }] });
  });

  test('a guest without a topology takes no share', () => {
    const input = { guest: null, host, pools: [], requests: [] };
    expect(fitTogether(input, () => ({ ok: true }))).toEqual({ ok: true, shares: [] });
  });

  test.each([
    { isPinned: true, gives: '3 free dedicated CPUs' },
    { isPinned: false, gives: '3 CPUs' },
  ])('what no node has is named: $gives', ({ isPinned, gives }) => {
    const wanted = guest(3, 2, isPinned);
    const input = { guest: wanted, host, pools: [], requests: [] };
    expect(fitTogether(input, () => ({ ok: true }))).toEqual({
      ok: false,
      reasons: [
        {
          code: 'no-numa-fit',
          message: `no 2 of its 2 NUMA nodes have ${gives} and 512 MiB each`,
          data: { cells: 2, nodes: 2 },
        },
      ],
    });
  });
});
