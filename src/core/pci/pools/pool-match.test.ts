import { describe, expect, test } from 'vitest';
import { aRequest } from '#test/hosts/pci-cards.ts';
import type { PciDevicePool } from './pool.ts';
import {
  allowsNumaNode,
  inTakingOrder,
  matchesRequest,
  mismatches,
  type NumaPlacement,
  poolValue,
} from './pool-match.ts';
import type { NumaPolicy, PciRequestSpec } from '../requests/request.ts';

function aPool(change: Partial<PciDevicePool> = {}): PciDevicePool {
  return {
    vendorId: '15b3',
    productId: '1018',
    numaNode: 0,
    deviceType: 'type-VF',
    address: '0000:3b:00.0',
    parentIfname: null,
    tags: { physical_network: 'red', remote_managed: 'false' },
    count: 1,
    ...change,
  };
}

const remote = { tags: { physical_network: 'red', remote_managed: 'true' } };
const pf: PciRequestSpec = { dev_type: 'type-PF' };
const vdpa: PciRequestSpec = { dev_type: 'vdpa' };
const isRemote: PciRequestSpec = { remote_managed: 'True' };

const matches: {
  name: string;
  pool: Partial<PciDevicePool>;
  spec: PciRequestSpec[];
  gives: boolean;
}[] = [
  { name: 'no properties', pool: {}, spec: [{}], gives: true },
  { name: 'a spec without alternatives', pool: {}, spec: [], gives: false },
  { name: 'one of two alternatives', pool: {}, spec: [{ vendor_id: '8086' }, {}], gives: true },
  {
    name: 'neither of two alternatives',
    pool: {},
    spec: [{ vendor_id: '8086' }, { product_id: '1' }],
    gives: false,
  },
  { name: 'another letter case', pool: {}, spec: [{ physical_network: 'RED' }], gives: true },
  { name: 'another network', pool: {}, spec: [{ physical_network: 'blue' }], gives: false },
  { name: 'null for a tag', pool: {}, spec: [{ physical_network: null }], gives: false },
  { name: 'null for an absent tag', pool: {}, spec: [{ trusted: null }], gives: true },
  {
    name: 'null for a null tag',
    pool: { tags: { trusted: null } },
    spec: [{ trusted: null }],
    gives: true,
  },
  {
    name: 'text for a null tag',
    pool: { tags: { trusted: null } },
    spec: [{ trusted: 'no' }],
    gives: false,
  },
  { name: 'the NUMA node', pool: {}, spec: [{ numa_node: '0' }], gives: true },
  { name: 'another NUMA node', pool: {}, spec: [{ numa_node: '1' }], gives: false },
  { name: 'no NUMA node', pool: { numaNode: null }, spec: [{ numa_node: null }], gives: true },
  { name: 'the card', pool: {}, spec: [{ address: '0000:3b:00.0' }], gives: true },
  {
    name: 'the interface',
    pool: { parentIfname: 'ens1' },
    spec: [{ parent_ifname: 'ens1' }],
    gives: true,
  },
  {
    name: 'keys that only Placement uses',
    pool: {},
    spec: [{ resource_class: 'A', traits: 'B', capability_type: 'pci' }],
    gives: true,
  },
  { name: 'a PF that is not requested', pool: { deviceType: 'type-PF' }, spec: [{}], gives: false },
  {
    name: 'a PF requested by one of two',
    pool: { deviceType: 'type-PF' },
    spec: [pf, {}],
    gives: false,
  },
  { name: 'a PF that is requested', pool: { deviceType: 'type-PF' }, spec: [pf, pf], gives: true },
  {
    name: 'a vdpa device that is not requested',
    pool: { deviceType: 'vdpa' },
    spec: [{}],
    gives: false,
  },
  {
    name: 'a vdpa device requested by one of two',
    pool: { deviceType: 'vdpa' },
    spec: [vdpa, {}],
    gives: false,
  },
  {
    name: 'a vdpa device that is requested',
    pool: { deviceType: 'vdpa' },
    spec: [vdpa],
    gives: true,
  },
  { name: 'a remote-managed device that is not requested', pool: remote, spec: [{}], gives: false },
  {
    name: 'a remote-managed device requested by one of two',
    pool: remote,
    spec: [isRemote, {}],
    gives: false,
  },
  {
    name: 'a remote-managed device that is requested',
    pool: remote,
    spec: [isRemote],
    gives: true,
  },
];

describe('matchesRequest', () => {
  for (const { name, pool, spec, gives } of matches) {
    test(`${name}: ${gives ? 'fits' : 'does not fit'}`, () => {
      expect(matchesRequest(aPool(pool), aRequest('r', { spec }))).toBe(gives);
    });
  }
});

test('mismatches are the keys that differ from the request', () => {
  const spec = { vendor_id: '8086', physical_network: 'RED', trusted: 'true', traits: 'A' };
  expect(mismatches(aPool(), spec)).toEqual(['vendor_id', 'trusted']);
});

test('no tag can replace a key of the pool, but for the interface that it lacks', () => {
  const tags = {
    trusted: null,
    vendor_id: 'ffff',
    dev_type: 'x',
    address: 'y',
    numa_node: '9',
    parent_ifname: 'ens9',
  };
  const pool = aPool({ tags, parentIfname: 'ens1' });
  const valuesOf = (one: typeof pool) => Object.keys(tags).map((key) => poolValue(one, key));
  expect(valuesOf(pool)).toEqual([null, '15b3', 'type-VF', '0000:3b:00.0', '0', 'ens1']);
  expect(poolValue(aPool({ tags, numaNode: null }), 'numa_node')).toBeNull();
  expect(poolValue(aPool({ tags, parentIfname: null }), 'parent_ifname')).toBe('ens9');
});

const sockets = [0, 1, 2, 3].map((id) => ({ id, socket: id < 2 ? 0 : 1 }));
const noSockets = [{ id: 0 }, { id: 1 }];
const memoryOnly = [...sockets, { id: 9 }];
const oneSocket = [0, 1].map((id) => ({ id, socket: 0 }));
const oneUnknown = [...sockets, { id: 4, socket: null }];

const nodes: {
  policy: NumaPolicy | null;
  node: number | null;
  placement: NumaPlacement;
  gives: boolean;
}[] = [
  { policy: 'required', node: 3, placement: {}, gives: true },
  { policy: 'required', node: 3, placement: { cells: [] }, gives: true },
  { policy: 'required', node: 0, placement: { cells: [0, 1] }, gives: true },
  { policy: 'required', node: 2, placement: { cells: [0, 1], host: sockets }, gives: false },
  { policy: 'required', node: 1, placement: { cells: [0], host: sockets }, gives: false },
  { policy: 'required', node: null, placement: { cells: [0] }, gives: false },
  { policy: 'legacy', node: null, placement: { cells: [0] }, gives: true },
  { policy: 'legacy', node: 1, placement: { cells: [0] }, gives: false },
  { policy: null, node: null, placement: { cells: [0] }, gives: true },
  { policy: null, node: 1, placement: { cells: [0] }, gives: false },
  { policy: 'preferred', node: 1, placement: { cells: [0] }, gives: true },
  { policy: 'preferred', node: null, placement: { cells: [0] }, gives: true },
  { policy: 'socket', node: 1, placement: { cells: [0], host: sockets }, gives: true },
  { policy: 'socket', node: 2, placement: { cells: [0], host: sockets }, gives: false },
  { policy: 'socket', node: null, placement: { cells: [0], host: sockets }, gives: false },
  { policy: 'socket', node: 1, placement: { cells: [0], host: oneUnknown }, gives: false },
  { policy: 'socket', node: 1, placement: { cells: [0], host: memoryOnly }, gives: false },
  { policy: 'socket', node: 1, placement: { cells: [0], host: oneSocket }, gives: true },
  { policy: 'socket', node: 3, placement: { cells: [0, 2], host: sockets }, gives: true },
  { policy: 'socket', node: 1, placement: { cells: [7], host: sockets }, gives: false },
  { policy: 'socket', node: 1, placement: { cells: [0], host: [] }, gives: false },
  { policy: 'socket', node: 0, placement: { cells: [0], host: oneUnknown }, gives: true },
  { policy: 'socket', node: 1, placement: { cells: [0] }, gives: false },
  { policy: 'socket', node: 1, placement: { cells: [0], host: noSockets }, gives: false },
  { policy: 'socket', node: 0, placement: { cells: [0], host: noSockets }, gives: true },
];

describe('allowsNumaNode', () => {
  for (const { policy, node, placement, gives } of nodes) {
    const { cells = [], host = [] } = placement;
    test(`${policy}, guest on [${cells.join()}], ${host.length} nodes, device on ${node}: ${gives}`, () => {
      expect(allowsNumaNode(policy, node, placement)).toBe(gives);
    });
  }
});

describe('inTakingOrder', () => {
  const plain = aPool({ address: 'c', tags: {} });
  const tagged = aPool({ address: 'b', tags: { trusted: 'true' } });
  const far = aPool({ address: 'a', tags: {}, numaNode: 1 });
  const nowhere = aPool({ address: 'd', tags: {}, numaNode: null });
  const order = (...given: Parameters<typeof inTakingOrder>) =>
    inTakingOrder(...given).map(({ address }) => address);

  test('an interface of the PF counts as a tag', () => {
    const named = aPool({ address: 'a', tags: {}, parentIfname: 'ens1' });
    expect(order([named, plain, tagged], {})).toEqual(['c', 'a', 'b']);
  });

  test('fewest tags, then address, for a guest without NUMA nodes', () => {
    expect(order([tagged, plain, nowhere, far], {})).toEqual(['a', 'c', 'd', 'b']);
  });

  test('near devices first, then those without a node', () => {
    expect(order([far, nowhere, tagged, plain], { cells: [0] })).toEqual(['c', 'b', 'd', 'a']);
    expect(order([far, plain], { cells: [1] })).toEqual(['a', 'c']);
  });

  test('contested devices after free ones', () => {
    expect(order([far, plain, tagged], {}, new Set(['a', 'c']))).toEqual(['b', 'a', 'c']);
  });
});
