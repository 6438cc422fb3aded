/**
 * Each filter at the edges of its rule, with the reason as it is stored with a decision. Where a
 * filter has a quick form of its verdict, both agree.
 */
import { aHostState, aRequestSpec } from '#test/host-states.ts';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { describe, expect, test } from 'vitest';
import { poolsOf } from '../../pci/pools/pool.ts';
import type { HostNuma } from '../numa-fit.ts';
import type { Filter } from '../filter.ts';
import type { HostState } from '../host-state.ts';
import type { RequestSpec, SpecGroup } from '../request-spec.ts';
import { availabilityZone } from './availability-zone.ts';
import { failedHosts } from './failed-hosts.ts';
import { forcedHost } from './forced-host.ts';
import { hostAlive } from './host-alive.ts';
import { hostEnabled } from './host-enabled.ts';
import { hostHealth } from './host-health.ts';
import { differentHost, sameHost } from './host-hints.ts';
import { networkAgents } from './network-agents.ts';
import { numaTopology } from './numa.ts';
import { pciPassthrough } from './pci-passthrough.ts';
import { resources } from './resources.ts';
import { serverGroup } from './server-group.ts';

interface Row {
  name: string;
  host?: Partial<HostState>;
  spec?: Partial<RequestSpec>;
  gives: object[];
}

function group(policy: SpecGroup['policy'], hosts: Record<string, number>): Partial<RequestSpec> {
  const counts = new Map(Object.entries(hosts));
  return { group: { name: 'web', policy, maxServersPerHost: 2, hosts: counts } };
}

/** Two nodes of two dedicated processors. */
const hostNuma: HostNuma = {
  nodes: [0, 1].map((id) => ({
    id,
    socket: null,
    cpus: [],
    dedicatedCpus: [2 * id, 2 * id + 1],
    memoryMib: 1024,
  })),
  claims: [],
};
const pinned = (vcpus: number) => ({ isPinned: true, cells: [{ vcpus, memoryMib: 512 }] });
const noCells = (vcpus: number, nodes: number) => ({
  code: 'no-numa-fit',
  message: `no 1 of its ${nodes} NUMA nodes have ${vcpus} free dedicated CPUs and 512 MiB each`,
  data: { cells: 1, nodes },
});
const withVfs = (vfs: number, numaNode = 0) => ({ pools: poolsOf(aCard({ vfs, numaNode })) });
const onePort = { pciRequests: [aRequest('r1')] };
const required = { pciRequests: [aRequest('r1', { numaPolicy: 'required' })] };
const silent = { code: 'hypervisor-silent', message: 'libvirt does not answer' };
const iommuOff = { code: 'iommu-off', message: 'IOMMU: off' };

const failed = [
  { host: 'host-9', reason: 'no disk' },
  { host: 'host-1', reason: 'binding failed' },
];

const tables: { filter: Filter; rows: Row[] }[] = [
  {
    filter: availabilityZone,
    rows: [
      { name: 'none requested', gives: [] },
      { name: 'its own', spec: { availabilityZone: 'nova' }, gives: [] },
      {
        name: 'another',
        spec: { availabilityZone: 'west' },
        gives: [
          {
            code: 'wrong-zone',
            message: 'is in zone nova, not west',
            data: { zone: 'nova', wanted: 'west' },
          },
        ],
      },
    ],
  },
  {
    filter: failedHosts,
    rows: [
      { name: 'no host failed', gives: [] },
      { name: 'another host failed', spec: { failedHosts: failed.slice(0, 1) }, gives: [] },
      {
        name: 'this host failed too',
        spec: { failedHosts: failed },
        gives: [{ code: 'host-failed', message: 'binding failed' }],
      },
    ],
  },
  {
    filter: forcedHost,
    rows: [
      { name: 'no host named', gives: [] },
      { name: 'this one named', spec: { forcedHost: 'host-1' }, gives: [] },
      {
        name: 'another named',
        spec: { forcedHost: 'host-9' },
        gives: [
          {
            code: 'host-not-forced',
            message: 'host-9 was requested',
            data: { forcedHost: 'host-9' },
          },
        ],
      },
    ],
  },
  {
    filter: hostAlive,
    rows: [
      { name: 'it reports', gives: [] },
      {
        name: 'it does not report',
        host: { alive: false },
        gives: [{ code: 'host-down', message: 'its agent does not report' }],
      },
    ],
  },
  {
    filter: hostEnabled,
    rows: [
      { name: 'enabled', gives: [] },
      {
        name: 'disabled with a reason',
        host: { enabled: false, disabledReason: 'new cables' },
        gives: [{ code: 'host-disabled', message: 'disabled: new cables' }],
      },
      {
        name: 'disabled without one',
        host: { enabled: false },
        gives: [{ code: 'host-disabled', message: 'disabled' }],
      },
    ],
  },
  {
    filter: hostHealth,
    rows: [
      { name: 'no problems were reported', spec: onePort, gives: [] },
      {
        name: 'one that concerns every server',
        host: { problems: [{ ...silent, blocks: 'all' }] },
        gives: [silent],
      },
      {
        name: 'one that concerns passthrough, for a server without',
        host: { problems: [{ ...iommuOff, blocks: 'passthrough' }] },
        gives: [],
      },
      {
        name: 'one that concerns passthrough, for a server with it',
        host: { problems: [{ ...iommuOff, blocks: 'passthrough' }] },
        spec: onePort,
        gives: [iommuOff],
      },
    ],
  },
  {
    filter: sameHost,
    rows: [
      { name: 'no such hint', gives: [] },
      { name: 'no hint at all', spec: { sameHost: null }, gives: [] },
      { name: 'this host among them', spec: { sameHost: ['host-2', 'host-1'] }, gives: [] },
      {
        name: 'other hosts',
        spec: { sameHost: ['host-3', 'host-2', 'host-3'] },
        gives: [
          {
            code: 'not-same-host',
            message: 'the servers named are on host-2, host-3',
            data: { hosts: ['host-3', 'host-2', 'host-3'] },
          },
        ],
      },
      {
        name: 'servers on no host',
        spec: { sameHost: [] },
        gives: [
          {
            code: 'not-same-host',
            message: 'the servers named are on no host',
            data: { hosts: [] },
          },
        ],
      },
    ],
  },
  {
    filter: differentHost,
    rows: [
      { name: 'no such hint', gives: [] },
      { name: 'other hosts', spec: { differentHost: ['host-2'] }, gives: [] },
      {
        name: 'this host among them',
        spec: { differentHost: ['host-2', 'host-1'] },
        gives: [{ code: 'not-different-host', message: 'a server named is on this host' }],
      },
    ],
  },
  {
    filter: networkAgents,
    rows: [
      { name: 'the agents are unknown', gives: [] },
      { name: 'they are not asked for', spec: { binding: null }, gives: [] },
    ],
  },
  {
    filter: serverGroup,
    rows: [
      { name: 'in no group', gives: [] },
      { name: 'the first of an affinity group', spec: group('affinity', {}), gives: [] },
      { name: 'where its affinity group is', spec: group('affinity', { 'host-1': 1 }), gives: [] },
      {
        name: 'away from its affinity group',
        spec: group('affinity', { 'host-3': 1, 'host-2': 1 }),
        gives: [
          {
            code: 'group-elsewhere',
            message: 'server group web (affinity): its servers are on host-2, host-3',
            data: { group: 'web', hosts: ['host-2', 'host-3'] },
          },
        ],
      },
      {
        name: 'one below the limit of an anti-affinity group',
        spec: group('anti-affinity', { 'host-1': 1 }),
        gives: [],
      },
      {
        name: 'at the limit of an anti-affinity group',
        spec: group('anti-affinity', { 'host-1': 2 }),
        gives: [
          {
            code: 'group-full',
            message: 'server group web (anti-affinity): 2 of 2 servers on this host already',
            data: { group: 'web', servers: 2, maxServersPerHost: 2 },
          },
        ],
      },
      {
        name: 'a soft policy refuses nothing',
        spec: group('soft-anti-affinity', { 'host-1': 9 }),
        gives: [],
      },
    ],
  },
  {
    filter: resources,
    rows: [
      { name: 'as many vcpus as the host has', spec: { vcpus: 4 }, gives: [] },
      {
        name: 'one vcpu more than the host has, though as many are free',
        spec: { vcpus: 5 },
        gives: [
          {
            code: 'no-vcpus',
            message: 'vcpus: 5 needed, the host has 4 in all',
            data: { needed: 5, total: 4 },
          },
        ],
      },
      { name: 'as many as are free', host: { vcpusUsed: 6 }, spec: { vcpus: 2 }, gives: [] },
      {
        name: 'one more than are free',
        host: { vcpusUsed: 6 },
        spec: { vcpus: 3 },
        gives: [
          {
            code: 'no-vcpus',
            message: 'vcpus: 2 of 3 free',
            data: { needed: 3, free: 2 },
          },
        ],
      },
      {
        name: 'as much memory as is free, overcommitted',
        host: { memoryMibUsed: 5632 },
        spec: { memoryMib: 512 },
        gives: [],
      },
      {
        name: 'one MiB more than is free',
        host: { memoryMibUsed: 5633 },
        spec: { memoryMib: 512 },
        gives: [
          {
            code: 'no-memory',
            message: 'memory: 511 MiB of 512 MiB free',
            data: { needed: 512, free: 511 },
          },
        ],
      },
      { name: 'as much memory as the host has', spec: { memoryMib: 4096 }, gives: [] },
      {
        name: 'one MiB more than the host has',
        spec: { memoryMib: 4097 },
        gives: [
          {
            code: 'no-memory',
            message: 'memory: 4097 MiB needed, the host has 4096 MiB in all',
            data: { needed: 4097, total: 4096 },
          },
        ],
      },
      { name: 'as much disk as is free of its half', spec: { diskGib: 20 }, gives: [] },
      {
        name: 'one GiB more than is free of its half',
        spec: { diskGib: 21 },
        gives: [
          {
            code: 'no-disk',
            message: 'disk: 20 GiB of 21 GiB free',
            data: { needed: 21, free: 20 },
          },
        ],
      },
      {
        name: 'a host that holds more than its ratio allows by now has nothing free',
        host: { vcpusUsed: 9 },
        gives: [{ code: 'no-vcpus', message: 'vcpus: 0 of 1 free', data: { needed: 1, free: 0 } }],
      },
    ],
  },
  {
    filter: numaTopology,
    rows: [
      { name: 'no topology', gives: [] },
      { name: 'none requested, as null', spec: { numa: null }, gives: [] },
      { name: 'cells that fit', host: { numa: hostNuma }, spec: { numa: pinned(2) }, gives: [] },
      {
        name: 'cells that do not fit',
        host: { numa: hostNuma },
        spec: { numa: pinned(3) },
        gives: [noCells(3, 2)],
      },
      { name: 'a host without nodes', spec: { numa: pinned(1) }, gives: [noCells(1, 0)] },
    ],
  },
  {
    filter: pciPassthrough,
    rows: [
      { name: 'no devices requested', gives: [] },
      {
        name: 'none requested by a guest whose cells fit nowhere: that is for another filter',
        spec: { numa: pinned(9) },
        gives: [],
      },
      { name: 'a free VF', host: withVfs(1), spec: onePort, gives: [] },
      {
        name: 'no free VF',
        spec: onePort,
        gives: [expect.objectContaining({ message: 'physnet1: 0 of 1 VF free' })],
      },
      {
        name: 'a VF on a node where the guest fits',
        host: { ...withVfs(1, 1), numa: hostNuma },
        spec: { ...required, numa: pinned(2) },
        gives: [],
      },
      {
        name: 'a VF on a node that the host has no processors on',
        host: { ...withVfs(1, 2), numa: hostNuma },
        spec: { ...required, numa: pinned(2) },
        gives: [expect.objectContaining({ code: 'pci-numa' })],
      },
      {
        name: 'a host without nodes for a guest with a topology',
        host: withVfs(1),
        spec: { ...onePort, numa: pinned(1) },
        gives: [noCells(1, 0)],
      },
    ],
  },
];

describe.each(tables)('$filter.name', ({ filter, rows }) => {
  test.each(rows)('$name', ({ host = {}, spec = {}, gives }) => {
    const [state, request] = [aHostState('host-1', host), aRequestSpec(spec)];
    expect(filter.check(state, request)).toEqual(gives);
    expect(filter.passes?.(state, request) ?? gives.length === 0).toBe(gives.length === 0);
  });
});

test('each filter has the name that operators read in a decision', () => {
  const names = tables.map(({ filter }) => filter.name).join(', ');
  expect(names).toBe(
    'zone, excluded, forced host, alive, enabled, health, same_host, different_host, network, group, resources, numa, pci',
  );
});
