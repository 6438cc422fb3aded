import { expect, test } from 'vitest';
import { assignPools } from '../pools/assign-pools.ts';
import { assignPreferring, type CardPreference } from './card-preference.ts';
import type { PciDevicePool } from '../pools/pool.ts';
import type { PciRequest } from '../requests/request.ts';

/** VFs of one card on a physical network. */
function card(address: string, count: number, physnet = 'red', numaNode = 0): PciDevicePool {
  const ids = { vendorId: '8086', productId: '10ca', numaNode, deviceType: 'type-VF' as const };
  return { ...ids, address, parentIfname: null, tags: { physical_network: physnet }, count };
}

function ask(requestId: string, more: Partial<PciRequest> = {}): PciRequest {
  const spec = [{ physical_network: 'red' }];
  const none = { needsInterface: false, aliasName: null, numaPolicy: null, requesterId: null };
  return { requestId, count: 1, spec, ...none, ...more };
}

const rows: {
  name: string;
  preference: CardPreference;
  pools: PciDevicePool[];
  requests: PciRequest[];
  cells?: number[];
  gives: Record<string, string>;
}[] = [
  {
    name: 'spread takes the emptiest card',
    preference: 'spread',
    pools: [card('a', 2), card('b', 4)],
    requests: [ask('1')],
    gives: { 1: 'b' },
  },
  {
    name: 'pack fills the card in use',
    preference: 'pack',
    pools: [card('a', 4), card('b', 2)],
    requests: [ask('1')],
    gives: { 1: 'b' },
  },
  {
    name: 'spread gives the NICs of one server different cards',
    preference: 'spread',
    pools: [card('a', 4), card('b', 4)],
    requests: [ask('1'), ask('2')],
    gives: { 1: 'a', 2: 'b' },
  },
  {
    name: 'pack keeps the NICs of one server on one card',
    preference: 'pack',
    pools: [card('a', 4), card('b', 4)],
    requests: [ask('1'), ask('2')],
    gives: { 1: 'a', 2: 'a' },
  },
  {
    name: 'pack skips a card that has too few',
    preference: 'pack',
    pools: [card('a', 1), card('b', 3)],
    requests: [ask('1', { count: 2 })],
    gives: { 1: 'b' },
  },
  {
    name: 'the preference yields where only another choice leaves enough for the next request',
    preference: 'spread',
    pools: [card('a', 1), card('b', 2)],
    requests: [ask('1'), ask('2', { count: 2, spec: [{ address: 'b' }] })],
    gives: { 1: 'a', 2: 'b' },
  },
  {
    name: 'a card on the guest’s node comes before an emptier one on another',
    preference: 'spread',
    pools: [card('a', 8, 'red', 1), card('b', 2, 'red', 0)],
    requests: [ask('1', { numaPolicy: 'preferred' })],
    cells: [0],
    gives: { 1: 'b' },
  },
];

test.each(rows)('$name', ({ preference, pools, requests, cells = [], gives }) => {
  const shares = assignPreferring(preference, pools, requests, { cells });
  expect(shares?.map(({ request, pool }) => [request.requestId, pool.address])).toEqual(
    Object.entries(gives),
  );
});

test('a request larger than one card, and one for whole cards, ignore the preference', () => {
  const split = [ask('1', { count: 3 })];
  const pools = [card('a', 2), card('b', 2)];
  expect(assignPreferring('spread', pools, split, {})).toEqual(assignPools(pools, split, {}));
  const pfs = pools.map((pool) => ({ ...pool, deviceType: 'type-PF' as const, count: 1 }));
  const whole = [ask('1', { spec: [{ physical_network: 'red', dev_type: 'type-PF' }] })];
  expect(assignPreferring('spread', pfs, whole, {})).toEqual(assignPools(pfs, whole, {}));
});

test('no choice is made when one request has no card', () => {
  expect(assignPreferring('pack', [card('a', 1)], [ask('1'), ask('2')], {})).toBeUndefined();
});
