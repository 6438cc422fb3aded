/** What the map and the table of the fleet show: counts, filters, order, and places of tiles. */
import { expect, test } from 'vitest';
import type { FleetHost } from '#client/shapes/fleet.ts';
import { groupsOf, shownHosts } from './fleet-filters.ts';
import { FleetSums } from './fleet-sums.ts';
import { countsOf, standingOf } from './host-counts.ts';
import { hostAt, layoutMap } from './map-layout.ts';
import { changedTiles, type MapLook } from './map-paint.ts';
import { networksOfPools, poolsOf } from '../pools/pool-room.ts';

function host(name: string, vfs: string, change: Partial<FleetHost> = {}): FleetHost {
  const pf = { address: '0000:81:00.0', ifname: 'ens1', numa_node: 0, networks: ['red'], pf: '.' };
  const base = { zone: 'nova', enabled: true, problems: [], plain: '' };
  return { name, state: 'up', ...base, pfs: [{ ...pf, vfs }], ...change };
}

const down = host('b', 'ffff', { state: 'down', zone: 'west' });
const fleet = [host('a', 'fhc.pq'), down, host('c', 'ffffff', { problems: ['odd'] })];

test('devices are counted by what a server can have; a PF is not counted beside its VFs', () => {
  expect(countsOf(host('a', 'fhc.pmrq', { plain: 'f' }))).toMatchObject({
    free: 2,
    held: 1,
    claimed: 1,
    blocked: 1,
    odd: 2,
    bad: 1,
    none: 1,
    devices: 8,
    unusable: 4,
  });
});

test('the worst that is to be said of a host comes first', () => {
  const of = (change: Partial<FleetHost>) => standingOf(host('a', '', change));
  const problems = ['x'];
  expect([
    of({}),
    of({ enabled: false }),
    of({ enabled: false, problems }),
    of({ state: 'forced-down', problems }),
    of({ state: 'down', problems }),
  ]).toEqual(['up', 'disabled', 'problem', 'forced down', 'down']);
});

test('the VFs of a host that is down are not free for anybody', () => {
  const { totals, rooms } = new FleetSums().of(fleet);
  expect(rooms).toMatchObject([{ network: 'red', free: 7, devices: 15 }]);
  expect(rooms[0]?.byNode.get('0')).toEqual({ free: 7, devices: 15 });
  expect(totals).toEqual({
    free: 7,
    held: 2,
    unusable: 6,
    devices: 15,
    up: 2,
    problems: 1,
    disabled: 0,
  });
});

test('sums that are kept are those that counting all hosts gives', () => {
  const kept = new FleetSums();
  const blue = { ...fleet[0]!.pfs[0]!, networks: ['blue'], numa_node: null, vfs: 'ffq' };
  const [first, second] = fleet as [FleetHost, FleetHost];
  for (const hosts of [
    fleet,
    fleet.with(0, host('a', 'ffff', { enabled: false })),
    fleet.with(1, host('b', '', { pfs: [blue] })),
    [second, first],
    [],
    fleet.toReversed(),
    fleet,
  ]) {
    expect(kept.of(hosts)).toEqual(new FleetSums().of(hosts));
  }
});

test.each([
  [{ q: 'A' }, ['a']],
  [{ zone: 'west' }, ['b']],
  [{ network: 'blue' }, []],
  [{ show: 'unusable' }, ['a']],
  [{ show: 'down' }, ['b']],
  [{ show: 'problem' }, ['c']],
  [{ sort: 'free' }, ['c', 'b', 'a']],
  [{ sort: '-free' }, ['a', 'b', 'c']],
  [{ sort: 'state' }, ['b', 'c', 'a']],
  [{ sort: '-name' }, ['c', 'b', 'a']],
  [{ sort: 'nothing' }, ['a', 'b', 'c']],
])('the address %j shows %j', (filter, names) => {
  expect(shownHosts(fleet, filter).map(({ name }) => name)).toEqual(names);
});

test.each([
  [3, 'devices'],
  [200, 'named'],
  [10_000, 'dots'],
])('of %i hosts each has a tile in the map, where it is found: %s', (count, level) => {
  const all = Array.from({ length: count }, (_, at) => host(`h${at}`, 'ffffhhhh'));
  const layout = layoutMap(groupsOf(all), { width: 1_400, height: 450 });
  expect([layout.level, layout.tiles.length]).toEqual([level, count]);
  expect(Math.max(...layout.tiles.map(({ x, width }) => x + width))).toBeLessThanOrEqual(1_400);
  for (const { x, y, width, height, host: shown } of [layout.tiles[0]!, layout.tiles.at(-1)!]) {
    expect(hostAt(layout, x + width / 2, y + height / 2)).toBe(shown);
  }
  if (level === 'dots') expect(layout.height).toBeLessThanOrEqual(450);
  expect(hostAt(layout, 1_400, layout.height)).toBeUndefined();
});

test('of a map that is painted again, the tiles are painted whose host or frame has changed', () => {
  const all = Array.from({ length: 400 }, (_, at) => host(`h${at}`, 'ffffhhhh'));
  const look: MapLook = { colours: {}, font: 'x', hovered: 'h3', scale: 1, unit: 1 };
  const room = { width: 1_400, height: 450 };
  const first = layoutMap(groupsOf(all), room);
  const painted = (hosts: FleetHost[], change: Partial<MapLook> = {}) => ({
    layout: layoutMap(groupsOf(hosts), room, first),
    look: { ...look, ...change },
  });
  const before = painted(all);
  const namesIn = (now: typeof before) => changedTiles(now, before)?.map((tile) => tile.host.name);
  expect(namesIn(painted(all))).toEqual([]);
  expect(namesIn(painted(all.with(7, host('h7', 'hhhhhhhh'))))).toEqual(['h7']);
  expect(namesIn(painted(all, { hovered: 'h9' }))).toEqual(['h3', 'h9']);
  for (const other of [
    painted(all.slice(1)),
    painted(all.with(7, host('h7', 'ffff', { zone: 'west' }))),
    painted(all, { colours: {} }),
    painted(all, { scale: 2 }),
  ]) {
    expect(namesIn(other)).toBeUndefined();
  }
  expect(changedTiles(before, undefined)).toBeUndefined();
});

test('groups of the map have their headings, and no tile is above its own', () => {
  const layout = layoutMap(groupsOf(fleet, 'zone'), { width: 300, height: 400 });
  expect(layout.headings.map(({ text }) => text)).toEqual(['nova · 2', 'west · 1']);
  const [, west] = layout.headings;
  const below = layout.tiles.filter(({ y }) => y > (west?.y ?? 0)).map((tile) => tile.host.name);
  expect(below).toEqual(['b']);
});

test('servers fit where all their VFs are on one NUMA node of a host that takes servers', () => {
  const pf = (node: number, vfs: string) => ({ ...fleet[0]!.pfs[0]!, numa_node: node, vfs });
  const two = host('d', '', { pfs: [pf(0, 'fff'), pf(1, 'fff'), pf(1, 'f')] });
  const disabled = host('e', 'ffffffff', { enabled: false });
  const [red] = networksOfPools(poolsOf([two, down, disabled]));
  // With 1, 2, 4 and 8 VFs each: 3 are free on node 0, 4 on node 1.
  expect(red).toMatchObject({ hosts: 3, free: 7, fits: [7, 3, 1, 0] });
});
