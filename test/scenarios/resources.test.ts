/** Processors, memory and disk: allocated up to the configured ratio, and no further. */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

scenario(
  'a host whose memory is allocated refuses the next server with the reason',
  async (cloud) => {
    const ids = [];
    for (let at = 0; at < 3; at++) ids.push(await cloud.boot([]));
    const servers = await Promise.all(ids.map((id) => cloud.settled(id, 'ACTIVE', 'ERROR')));
    const refused = servers.filter((server) => server.status === 'ERROR');
    expect(refused).toHaveLength(1);
    expect(refused[0].fault.message).toMatch(/host-1: .*memory|host-1: .*ram/i);
  },
  (config) => ({
    ...config,
    allocationRatios: { vcpus: 16, memory: 1.5, disk: 10 },
    simulated: {
      kind: 'captured',
      // m1.small has 2048 MiB: with a ratio of 1.5 two fit in 3072.
      hosts: [{ name: 'host-1', vcpus: 1, memoryMib: 3072, diskGib: 20, deviceSpec: [] }],
    },
  }),
);
