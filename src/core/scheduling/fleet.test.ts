import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { poolsOf } from '../pci/pools/pool.ts';
import { Fleet } from './fleet.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { selectBest, selectHosts } from './select-hosts.ts';

function aHost(name: string, change: Partial<HostState> = {}): HostState {
  return {
    id: `id-of-${name}`,
    name,
    generation: 1,
    availabilityZone: 'nova',
    enabled: true,
    disabledReason: null,
    alive: true,
    vcpus: 8,
    vcpusUsed: 0,
    memoryMib: 4096,
    memoryMibUsed: 0,
    diskGib: 40,
    diskGibUsed: 0,
    cpuAllocationRatio: 1,
    memoryAllocationRatio: 1,
    diskAllocationRatio: 1,
    pools: [],
    ...change,
  };
}

function aSpec(change: Partial<RequestSpec> = {}): RequestSpec {
  return {
    serverId: 'server-1',
    projectId: 'project-1',
    vcpus: 2,
    memoryMib: 512,
    diskGib: 4,
    pciRequests: [],
    availabilityZone: null,
    forcedHost: null,
    failedHosts: [],
    ...change,
  };
}

const withVfs = (vfs: number, network = 'physnet1') => ({
  pools: poolsOf(aCard({ vfs, network })),
});

function namesFor(fleet: Fleet, ...requests: RequestSpec['pciRequests']): string[] {
  return fleet.hostsFor(requests).map(({ name }) => name);
}

test('only hosts with enough devices for the rarest request are examined', () => {
  const both = [...aCard({ vfs: 3 }), ...aCard({ bus: 'd8', vfs: 1, network: 'physnet2' })];
  const fleet = new Fleet([
    aHost('a', withVfs(3)),
    aHost('b', { pools: poolsOf(both) }),
    aHost('c', withVfs(1)),
  ]);
  const onSecond = aRequest('r2', { network: 'physnet2' });
  expect(namesFor(fleet)).toEqual(['a', 'b', 'c']);
  expect(namesFor(fleet, aRequest('r1', { count: 2 }))).toEqual(['a', 'b']);
  expect(namesFor(fleet, aRequest('r1'), onSecond)).toEqual(['b']);
  expect(namesFor(fleet, aRequest('r1', { network: 'physnet3' }))).toEqual([]);
});

test('a request may name the card; the filters decide which host has it', () => {
  const fleet = new Fleet([aHost('a', withVfs(1)), aHost('b')]);
  expect(namesFor(fleet, aRequest('r1', { asks: { address: '0000:3b:00.0' } }))).toEqual(['a']);
});

test('a host that is put again replaces the earlier one, and a removed host is gone', () => {
  const fleet = new Fleet([aHost('a', withVfs(1)), aHost('b', withVfs(1))]);
  fleet.put(aHost('a', { generation: 2, ...withVfs(0) }));
  expect(namesFor(fleet, aRequest('r1'))).toEqual(['b']);
  expect(fleet.get('id-of-a')?.generation).toBe(2);
  fleet.put(aHost('a', { generation: 3, ...withVfs(2) }));
  expect(namesFor(fleet, aRequest('r1')).toSorted()).toEqual(['a', 'b']);
  fleet.remove('id-of-b');
  fleet.remove('id-of-nobody');
  expect(namesFor(fleet, aRequest('r1'))).toEqual(['a']);
  expect(fleet.hosts.map(({ name }) => name)).toEqual(['a']);
  expect(fleet.get('id-of-b')).toBeUndefined();
});

const card = fc.record({
  vfs: fc.integer({ min: 0, max: 3 }),
  network: fc.constantFrom('red', 'blue'),
  numaNode: fc.constantFrom(0, 1),
  hasPf: fc.boolean(),
  tags: fc.constantFrom<Record<string, string>>({}, { trusted: 'true' }),
});
const host = fc.record({
  cards: fc.array(card, { maxLength: 2 }),
  vcpusUsed: fc.integer({ min: 0, max: 8 }),
  memoryMibUsed: fc.constantFrom(0, 2048, 4096),
  diskGibUsed: fc.constantFrom(0, 40),
  enabled: fc.boolean(),
});
const request = fc.record({
  network: fc.constantFrom('red', 'blue'),
  count: fc.integer({ min: 1, max: 3 }),
  asks: fc.constantFrom<Record<string, string>>(
    {},
    { dev_type: 'type-PF' },
    { trusted: 'True' },
    { address: '0000:00:00.0' },
  ),
});

const size = fc.record({
  vcpus: fc.constantFrom(2, 9),
  memoryMib: fc.constantFrom(512, 512, 5000),
  diskGib: fc.constantFrom(4, 4, 41),
  cpuAllocationRatio: fc.constantFrom(1, 2),
});

test('a fleet with hosts added, changed and removed selects the same hosts as a plain list', () => {
  const visits = fc.array(fc.tuple(fc.nat(5), fc.option(host, { freq: 5 })), { maxLength: 15 });
  const given = fc.array(request, { maxLength: 2 });
  fc.assert(
    fc.property(visits, given, size, (changes, requested, { cpuAllocationRatio, ...wanted }) => {
      const limit = 2;
      const fleet = new Fleet();
      const list = new Map<string, HostState>();
      for (const [at, options] of changes) {
        const name = `host-${at}`;
        fleet.remove(options === null ? `id-of-${name}` : 'id-of-nobody');
        list.delete(name);
        if (options === null) continue;
        const { cards, ...facts } = options;
        const devices = cards.flatMap((one, bus) => aCard({ ...one, bus: `0${bus}` }));
        const now = aHost(name, { ...facts, cpuAllocationRatio, pools: poolsOf(devices) });
        fleet.put(now);
        list.set(name, now);
      }
      const pciRequests = requested.map((options, at) => aRequest(`r${at}`, options));
      const failedHosts = [{ host: 'host-1', reason: 'failed' }];
      const spec = aSpec({ ...wanted, pciRequests, failedHosts });
      const { candidates, rejections } = selectHosts(spec, [...list.values()]);
      expect(selectBest(spec, fleet, { limit })).toEqual(candidates.slice(0, limit));
      const byFleet = selectHosts(spec, fleet);
      expect(byFleet).toEqual({ candidates, rejections });
      expect(rejections.filter(({ reasons }) => reasons.length === 0)).toEqual([]);
      expect(candidates.length + rejections.length).toBe(list.size);
    }),
    { numRuns: 300 },
  );
});

test('the rarest request decides, wherever it stands among the others', () => {
  const both = [...aCard({ vfs: 3 }), ...aCard({ bus: 'd8', vfs: 3, network: 'physnet2' })];
  const fleet = new Fleet([aHost('a', withVfs(3)), aHost('b', { pools: poolsOf(both) })]);
  const [common, rare] = [aRequest('r1'), aRequest('r2', { network: 'physnet2' })];
  expect(namesFor(fleet, rare, common)).toEqual(['b']);
  expect(namesFor(fleet, common, rare, common)).toEqual(['b']);
});

test('a fleet has as many hosts as were put into it, with or without devices', () => {
  const fleet = new Fleet([aHost('a'), aHost('b', withVfs(1))]);
  expect(fleet.size).toBe(2);
  fleet.remove('id-of-a');
  expect(fleet.size).toBe(1);
  expect(new Fleet().hosts).toEqual([]);
});
