import { describe, expect, test } from 'vitest';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { NetworkAgents } from '../networking/binding/network-agents.ts';
import { poolsOf } from '../pci/pools/pool.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec, SpecGroup } from './request-spec.ts';
import { selectHosts } from './select-hosts.ts';
import { standardWeights } from './weights.ts';

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

function inGroup(
  policy: SpecGroup['policy'],
  hosts: Record<string, number>,
  maxServersPerHost = 1,
): Pick<RequestSpec, 'group'> {
  const counts = new Map(Object.entries(hosts));
  return { group: { name: 'web', policy, maxServersPerHost, hosts: counts } };
}

const iommuOff = { code: 'iommu-off', message: 'IOMMU: off', blocks: 'passthrough' } as const;

const physnet2 = {
  vnicType: 'direct',
  segments: [{ networkType: 'vlan', physicalNetwork: 'physnet2' }],
  isOffloaded: false,
} as const;
/** Two ports of one need, and an agent on host-1 that serves another network. */
const unserved: Partial<RequestSpec> = {
  binding: {
    needs: [physnet2, physnet2].map((need) => ({ ...need, segments: [...need.segments] })),
    agents: new NetworkAgents(
      [
        {
          host: 'host-1',
          kind: 'NIC Switch agent',
          isAlive: true,
          lastHeartbeat: '',
          physicalNetworks: ['physnet1'],
          tunnelTypes: null,
        },
      ],
      0,
    ),
  },
};

const refusals: {
  name: string;
  host: Partial<HostState>;
  spec: Partial<RequestSpec>;
  expected: string[];
}[] = [
  {
    name: 'disabled',
    host: { enabled: false, disabledReason: 'new cables' },
    spec: {},
    expected: ['enabled', 'disabled: new cables'],
  },
  {
    name: 'one where no agent could bind the ports',
    host: {},
    spec: unserved,
    expected: ['network', 'no live NIC Switch agent serves physnet2 (it has physnet1)'],
  },
  {
    name: 'silent',
    host: { alive: false },
    spec: {},
    expected: ['alive', 'its agent does not report'],
  },
  {
    name: 'unable to pass devices through',
    host: { ...withVfs(2), problems: [iommuOff] },
    spec: onePort,
    expected: ['health', 'IOMMU: off'],
  },
  {
    name: 'not the requested one',
    host: {},
    spec: { forcedHost: 'host-9' },
    expected: ['forced host', 'host-9 was requested'],
  },
  {
    name: 'in another zone',
    host: {},
    spec: { availabilityZone: 'west' },
    expected: ['zone', 'is in zone nova, not west'],
  },
  {
    name: 'one where the server failed before',
    host: {},
    spec: { failedHosts: [{ host: 'host-1', reason: 'binding failed' }] },
    expected: ['excluded', 'binding failed'],
  },
  {
    name: 'short of vcpus and memory',
    host: { vcpusUsed: 7, memoryMibUsed: 4000 },
    spec: { vcpus: 2 },
    expected: ['resources', 'vcpus: 1 of 2 free', 'memory: 96 MiB of 512 MiB free'],
  },
  {
    name: 'smaller than the server',
    host: {},
    spec: { vcpus: 5 },
    expected: ['resources', 'vcpus: 5 needed, the host has 4 in all'],
  },
  {
    name: 'out of disk',
    host: { diskGibUsed: 40 },
    spec: {},
    expected: ['resources', 'disk: 0 GiB of 1 GiB free'],
  },
  {
    name: 'without the physical network',
    host: withVfs(2, 'physnet2'),
    spec: onePort,
    expected: ['pci', 'physnet1: 0 of 1 VF free'],
  },
  {
    name: 'one that has a server of the anti-affinity group',
    host: {},
    spec: inGroup('anti-affinity', { 'host-1': 1 }),
    expected: ['group', 'server group web (anti-affinity): 1 of 1 servers on this host already'],
  },
  {
    name: 'one with as many servers of the anti-affinity group as its rule allows',
    host: {},
    spec: inGroup('anti-affinity', { 'host-1': 3, 'host-2': 1 }, 3),
    expected: ['group', 'server group web (anti-affinity): 3 of 3 servers on this host already'],
  },
  {
    name: 'not where the affinity group is',
    host: {},
    spec: inGroup('affinity', { 'host-3': 1, 'host-2': 2 }),
    expected: ['group', 'server group web (affinity): its servers are on host-2, host-3'],
  },
  {
    name: 'not the host of a server in same_host',
    host: {},
    spec: { sameHost: ['host-3', 'host-2', 'host-3'] },
    expected: ['same_host', 'the servers named are on host-2, host-3'],
  },
  {
    name: 'any host when no server in same_host is on a host',
    host: {},
    spec: { sameHost: [] },
    expected: ['same_host', 'the servers named are on no host'],
  },
  {
    name: 'the host of a server in different_host',
    host: {},
    spec: { differentHost: ['host-2', 'host-1'] },
    expected: ['different_host', 'a server named is on this host'],
  },
];

const admitted: { name: string; spec: Partial<RequestSpec> }[] = [
  { name: 'for the first server of an affinity group', spec: inGroup('affinity', {}) },
  { name: 'where the affinity group is', spec: inGroup('affinity', { 'host-1': 1, 'host-2': 1 }) },
  { name: 'without an anti-affine server', spec: inGroup('anti-affinity', { 'host-2': 1 }) },
  {
    name: 'with fewer group members than the rule allows',
    spec: inGroup('anti-affinity', { 'host-1': 1 }, 2),
  },
  { name: 'that breaks a soft-affinity', spec: inGroup('soft-affinity', { 'host-2': 1 }) },
  {
    name: 'that breaks a soft-anti-affinity',
    spec: inGroup('soft-anti-affinity', { 'host-1': 5 }),
  },
  { name: 'of one of the servers in same_host', spec: { sameHost: ['host-2', 'host-1'] } },
  { name: 'of no server in different_host', spec: { differentHost: ['host-2'] } },
];

describe('selectHosts', () => {
  for (const { name, spec } of admitted) {
    test(`admits a host ${name}`, () => {
      const { candidates, rejections } = selectHosts(aSpec(spec), [aHost('host-1')]);
      expect(candidates.map(({ host }) => host)).toEqual(['host-1']);
      expect(rejections).toEqual([]);
    });
  }
});

describe('selectHosts', () => {
  for (const { name, host, spec, expected } of refusals) {
    test(`refuses a host, with filter and reason, when it is ${name}`, () => {
      const { candidates, rejections } = selectHosts(aSpec(spec), [aHost('host-1', host)]);
      expect(candidates).toEqual([]);
      expect(rejections.map(({ host: refused }) => refused)).toEqual(['host-1']);
      const [rejection] = rejections;
      expect([rejection?.filter, ...(rejection?.reasons.map((one) => one.message) ?? [])]).toEqual(
        expected,
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
      name: 'a server without devices on a host without devices, even a fuller one',
      hosts: [aHost('a', withVfs(4)), aHost('b', { vcpusUsed: 3, memoryMibUsed: 2048 })],
      spec: {},
      gives: ['b', 'a'],
    },
    {
      name: 'a server without devices on the emptier host, though the other has one VF less',
      hosts: [aHost('a', { ...withVfs(3), memoryMibUsed: 2048 }), aHost('b', withVfs(4))],
      spec: {},
      gives: ['b', 'a'],
    },
    {
      name: 'a server with a port on the host with the fewest free devices, so that others stay whole',
      hosts: [aHost('a', withVfs(3)), aHost('b', withVfs(1)), aHost('c', withVfs(9, 'physnet2'))],
      spec: onePort,
      gives: ['b', 'a'],
    },
    {
      name: 'a server of a soft-affinity group with its members, even on the fullest host',
      hosts: [aHost('a'), aHost('b', { vcpusUsed: 1 }), aHost('c', { vcpusUsed: 3 })],
      spec: inGroup('soft-affinity', { c: 2, b: 1 }),
      gives: ['c', 'b', 'a'],
    },
    {
      name: 'a server of a soft-anti-affinity group where the fewest of its members are',
      hosts: [aHost('a'), aHost('b', { vcpusUsed: 1 }), aHost('c', { vcpusUsed: 3 })],
      spec: inGroup('soft-anti-affinity', { a: 2, b: 1 }),
      gives: ['c', 'b', 'a'],
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
  const hosts = [aHost('a', { vcpusUsed: 2, diskGibUsed: 10 }), aHost('b')];
  const [first, second] = selectHosts(aSpec(), hosts).candidates;
  const others = { pci: 0, soft_affinity: 0, soft_anti_affinity: 0 };
  expect(first).toEqual({ host: 'b', weight: 2, weights: { cpu: 1, ram: 0, disk: 1, ...others } });
  expect(second).toMatchObject({ host: 'a', weight: 1.5, weights: { cpu: 0.75, disk: 0.75 } });
});

test('a configured weight is a factor: zero disables it, a negative one reverses it', () => {
  const hosts = [aHost('a', { memoryMibUsed: 2048 }), aHost('b')];
  const first = (ram: number) =>
    selectHosts(aSpec(), hosts, { weights: { ...standardWeights, ram } }).candidates[0];
  expect(first(1)).toMatchObject({ host: 'b', weight: 1 });
  expect(first(3)).toMatchObject({ host: 'b', weight: 3 });
  expect(first(0)).toMatchObject({ host: 'a', weight: 0 });
  expect(first(-1)).toMatchObject({ host: 'a', weight: -0.5 });
});

test('rejected hosts are listed by name', () => {
  const hosts = ['b', 'c', 'a'].map((name) => aHost(name, { alive: false }));
  expect(selectHosts(aSpec(), hosts).rejections.map(({ host }) => host)).toEqual(['a', 'b', 'c']);
});
