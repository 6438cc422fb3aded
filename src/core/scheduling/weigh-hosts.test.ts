import { aHostState, aRequestSpec } from '#test/host-states.ts';
import { expect, test } from 'vitest';
import { Fleet } from './fleet.ts';
import type { HostState } from './host-state.ts';
import { selectBest } from './select-hosts.ts';
import { weighHosts } from './weigh-hosts.ts';
import { standardWeights } from './weights.ts';

const spec = aRequestSpec();
const names = (hosts: readonly HostState[], how = {}) =>
  weighHosts(hosts, spec, how).map(({ host }) => host);

/** Some equal, neither sorted by name nor by what they have free. */
const used = { d: 512, b: 0, f: 1024, a: 512, e: 0, c: 2048 };
const hosts = Object.entries(used).map(([name, memoryMibUsed]) =>
  aHostState(name, { memoryMibUsed }),
);

test.each([0, 1, 2, 3, 4, 5, 6, 7])('the best %i are the first of all in order', (limit) => {
  const all = ['b', 'e', 'a', 'd', 'f', 'c'];
  expect(names(hosts)).toEqual(all);
  expect(names(hosts, { limit })).toEqual(all.slice(0, limit));
  expect(names(hosts.toReversed(), { limit })).toEqual(all.slice(0, limit));
});

test('no hosts, no candidates', () => {
  expect(names([])).toEqual([]);
  expect(names([], { limit: 3 })).toEqual([]);
});

test.each([
  {
    name: 'free memory counts from zero, with what may be overcommitted',
    given: [aHostState('a', { memoryMibUsed: 3072 }), aHostState('b')],
    gives: { a: 0.5, b: 1 },
    by: 'ram',
  },
  {
    name: 'one that is short of memory counts from there',
    given: [aHostState('a', { memoryMibUsed: 8192 }), aHostState('b', { memoryMibUsed: 4096 })],
    gives: { a: 0, b: 1 },
    by: 'ram',
  },
  {
    name: 'free disk counts from zero, of the part that may be used',
    given: [aHostState('a', { diskGibUsed: 15 }), aHostState('b')],
    gives: { a: 0.25, b: 1 },
    by: 'disk',
  },
  {
    name: 'free vcpus count from zero, with what may be overcommitted',
    given: [aHostState('a', { vcpusUsed: 6 }), aHostState('b')],
    gives: { a: 0.25, b: 1 },
    by: 'cpu',
  },
] as const)('$name', ({ given, gives, by }) => {
  const weights = weighHosts(given, spec).map((each) => [each.host, each.weights[by]]);
  expect(Object.fromEntries(weights)).toEqual(gives);
});

test('members of a soft group count from the least of the candidates', () => {
  const group = {
    name: 'web',
    policy: 'soft-affinity' as const,
    maxServersPerHost: 1,
    hosts: new Map([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]),
  };
  const weighed = weighHosts(
    ['a', 'b', 'c'].map((name) => aHostState(name)),
    { ...spec, group },
  );
  expect(weighed.map(({ host, weights }) => [host, weights['soft_affinity']])).toEqual([
    ['c', 1],
    ['b', 0.5],
    ['a', 0],
  ]);
});

test('the best of a fleet are chosen with the configured limit and weights', () => {
  const fleet = new Fleet(hosts);
  const best = (how = {}) => selectBest(spec, fleet, how).map(({ host }) => host);
  expect(best({ limit: 2 })).toEqual(['b', 'e']);
  expect(best({ limit: 1, weights: { ...standardWeights, ram: -1 } })).toEqual(['c']);
  const many = Array.from({ length: 12 }, (_, at) => aHostState(`host-${at}`));
  expect(selectBest(spec, new Fleet(many))).toHaveLength(10);
});
