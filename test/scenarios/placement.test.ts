/** Placement of many servers: plain ones and ones with VFs, on two equal hosts. */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/**
 * How many servers of each kind are on each host. Example: `{ 'host-1': { plain: 4, sriov: 4 }, …
 * }`.
 */
async function bootAll(
  cloud: Cloud,
  kinds: readonly ('plain' | 'sriov')[],
  flavorRef?: string,
): Promise<Record<string, { plain: number; sriov: number }>> {
  const red = await cloud.network('red');
  const counts: Record<string, { plain: number; sriov: number }> = {};
  for (const kind of kinds) {
    const nic = kind === 'sriov' ? { port: await cloud.port(red, 'direct') } : { uuid: red };
    const id = await cloud.boot([nic], flavorRef === undefined ? {} : { flavorRef });
    const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(server).toMatchObject({ status: 'ACTIVE' });
    const host: string = server['OS-EXT-SRV-ATTR:host'];
    const count = (counts[host] ??= { plain: 0, sriov: 0 });
    count[kind] += 1;
  }
  return counts;
}

async function smallFlavor(cloud: Cloud): Promise<string> {
  const body = { flavor: { name: 'mixed', ram: 1024, vcpus: 1, disk: 5, id: null } };
  return (await cloud.ok('compute', 'POST', '/flavors', body)).flavor.id;
}

scenario('one server with a VF does not pull the plain servers to its host', async (cloud) => {
  const counts = await bootAll(cloud, ['sriov', ...Array<'plain'>(7).fill('plain')]);
  expect(counts['host-1']).toEqual({ plain: 3, sriov: 1 });
  expect(counts['host-2']).toEqual({ plain: 4, sriov: 0 });
});

const twenty = {
  alternating: Array.from({ length: 20 }, (_, at) =>
    at % 5 < 2 ? ('sriov' as const) : ('plain' as const),
  ),
  'plain first': Array.from({ length: 20 }, (_, at) =>
    at < 12 ? ('plain' as const) : ('sriov' as const),
  ),
  'with VFs first': Array.from({ length: 20 }, (_, at) =>
    at < 8 ? ('sriov' as const) : ('plain' as const),
  ),
};

for (const [order, kinds] of Object.entries(twenty)) {
  scenario(
    `twenty mixed boots, ${order}: plain servers spread, and every VF finds a server`,
    async (cloud) => {
      const counts = Object.values(await bootAll(cloud, kinds, await smallFlavor(cloud)));
      expect(counts).toHaveLength(2);
      for (const { plain, sriov } of counts) {
        expect(plain).toBeGreaterThanOrEqual(4);
        expect(sriov).toBe(4);
      }
      expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 0, 'host-2': 0 });
    },
  );
}
