import { describe, expect, test } from 'vitest';
import { aCard, aRequest } from '#test/pci-cards.ts';
import { poolsOf } from '../pci/pool.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { selectHosts } from './select-hosts.ts';

function aHost(name: string, change: Partial<HostState> = {}): HostState {
  return {
    id: `id-of-${name}`,
    name,
    generation: 1,
    availabilityZone: 'nova',
    enabled: true,
    disabledReason: null,
    alive: true,
    vcpus: 4,
    vcpusUsed: 0,
    memoryMib: 4096,
    memoryMibUsed: 0,
    diskGib: 40,
    diskGibUsed: 0,
    cpuAllocationRatio: 2,
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
    vcpus: 1,
    memoryMib: 512,
    diskGib: 1,
    pciRequests: [],
    availabilityZone: null,
    forcedHost: null,
    failedHosts: [],
    ...change,
  };
}

const withVfs = (vfs: number, network = 'physnet1') =>
  ({ pools: poolsOf(aCard({ vfs, network })) }) as const;
const onePort = { pciRequests: [aRequest('r1')] };

const refusals: {
  name: string;
  host: Partial<HostState>;
  spec: Partial<RequestSpec>;
  says: string[];
}[] = [
  {
    name: 'disabled',
    host: { enabled: false, disabledReason: 'new cables' },
    spec: {},
    says: ['enabled', 'disabled: new cables'],
  },
  {
    name: 'silent',
    host: { alive: false },
    spec: {},
    says: ['alive', 'its agent does not report'],
  },
  {
    name: 'not the one asked for',
    host: {},
    spec: { forcedHost: 'host-9' },
    says: ['forced host', 'host-9 was asked for'],
  },
  {
    name: 'in another zone',
    host: {},
    spec: { availabilityZone: 'west' },
    says: ['zone', 'is in zone nova, not west'],
  },
  {
    name: 'one where it failed',
    host: {},
    spec: { failedHosts: [{ host: 'host-1', reason: 'binding failed' }] },
    says: ['failed before', 'binding failed'],
  },
  {
    name: 'short of vcpus and memory',
    host: { vcpusUsed: 7, memoryMibUsed: 4000 },
    spec: { vcpus: 2 },
    says: ['resources', 'vcpus: 1 of 2 free', 'memory: 96 MiB of 512 MiB free'],
  },
  {
    name: 'smaller than the server',
    host: {},
    spec: { vcpus: 5 },
    says: ['resources', 'vcpus: 5 needed, the host has 4 in all'],
  },
  {
    name: 'out of disk',
    host: { diskGibUsed: 40 },
    spec: {},
    says: ['resources', 'disk: 0 GiB of 1 GiB free'],
  },
  {
    name: 'without the physical network',
    host: withVfs(2, 'physnet2'),
    spec: onePort,
    says: ['pci', 'physnet1: 0 of 1 VF free'],
  },
];

describe('selectHosts', () => {
  for (const { name, host, spec, says } of refusals) {
    test(`refuses a host, with filter and reason, when it is ${name}`, () => {
      const { candidates, rejections } = selectHosts(aSpec(spec), [aHost('host-1', host)]);
      expect(candidates).toEqual([]);
      expect(rejections.map(({ host: refused }) => refused)).toEqual(['host-1']);
      const [rejection] = rejections;
      expect([rejection?.filter, ...(rejection?.reasons.map((one) => one.message) ?? [])]).toEqual(
        says,
      );
    });
  }
});

const orders: { name: string; hosts: HostState[]; spec: Partial<RequestSpec>; gives: string[] }[] =
  [
    { name: 'equal hosts by name', hosts: [aHost('b'), aHost('a')], spec: {}, gives: ['a', 'b'] },
    {
      name: 'the emptier host first',
      hosts: [aHost('a', { vcpusUsed: 3, memoryMibUsed: 2048 }), aHost('b')],
      spec: {},
      gives: ['b', 'a'],
    },
    {
      name: 'a server without devices away from the hosts that have them, even the emptier ones',
      hosts: [aHost('a', withVfs(4)), aHost('b', { vcpusUsed: 3, memoryMibUsed: 2048 })],
      spec: {},
      gives: ['b', 'a'],
    },
    {
      name: 'a server with a port to the host with most free VFs of its network',
      hosts: [aHost('a', withVfs(1)), aHost('b', withVfs(3)), aHost('c', withVfs(9, 'physnet2'))],
      spec: onePort,
      gives: ['b', 'a'],
    },
  ];

describe('selectHosts', () => {
  for (const { name, hosts, spec, gives } of orders) {
    test(`puts ${name}`, () => {
      const { candidates } = selectHosts(aSpec(spec), hosts);
      expect(candidates.map(({ host }) => host)).toEqual(gives);
    });
  }
});

test('the weight of a candidate is the sum of its parts', () => {
  const [first] = selectHosts(aSpec(), [aHost('a', { vcpusUsed: 1 }), aHost('b')]).candidates;
  expect(first).toEqual({
    host: 'b',
    weight: 1,
    weights: { pci: 0, spread: 0, cpu: 1, ram: 0 },
  });
});
