/** Host aggregates decide where servers go: by zone, and by what a flavor requires. */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

async function aggregate(
  cloud: Cloud,
  name: string,
  { zone, metadata, host }: { zone?: string; metadata?: object; host: string },
): Promise<number> {
  const made = { name, ...(zone !== undefined && { availability_zone: zone }) };
  const { id } = (await cloud.ok('compute', 'POST', '/os-aggregates', { aggregate: made }))
    .aggregate;
  const act = (body: object) => cloud.ok('compute', 'POST', `/os-aggregates/${id}/action`, body);
  if (metadata !== undefined) await act({ set_metadata: { metadata } });
  await act({ add_host: { host } });
  return id;
}

scenario('servers go to the hosts of the zone that they request, and show it', async (cloud) => {
  const id = await aggregate(cloud, 'west', { zone: 'west', host: 'host-2' });
  for (let count = 0; count < 3; count++) {
    const server = await cloud.boot([], { availability_zone: 'west' });
    expect(await cloud.settled(server, 'ACTIVE', 'ERROR')).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-SRV-ATTR:host': 'host-2',
      'OS-EXT-AZ:availability_zone': 'west',
    });
  }
  const elsewhere = await cloud.boot([], { availability_zone: 'west:host-1' });
  expect(await cloud.settled(elsewhere, 'ACTIVE', 'ERROR')).toMatchObject({
    status: 'ERROR',
    fault: { message: expect.stringContaining('is in zone nova, not west') },
  });
  const body = { remove_host: { host: 'host-2' } };
  const refused = await cloud.send('compute', 'POST', `/os-aggregates/${id}/action`, { body });
  expect(refused.status).toBe(409);
});

scenario(
  'a flavor with scoped extra specs goes only to aggregates that have them',
  async (cloud) => {
    const flavor = { name: 'fast', ram: 64, vcpus: 1, disk: 1, id: null };
    const flavorRef = (await cloud.ok('compute', 'POST', '/flavors', { flavor })).flavor.id;
    const extra_specs = { 'aggregate_instance_extra_specs:cores': '>= 8' };
    await cloud.ok('compute', 'POST', `/flavors/${flavorRef}/os-extra_specs`, { extra_specs });
    await aggregate(cloud, 'few', { metadata: { cores: '4' }, host: 'host-1' });
    const early = await cloud.boot([], { flavorRef });
    const { fault } = await cloud.settled(early, 'ACTIVE', 'ERROR');
    expect(fault.message).toContain('host-1: aggregate: cores is 4, and the flavor requires >= 8');
    expect(fault.message).toContain('host-2: aggregate: no aggregate of it has cores');
    await aggregate(cloud, 'many', { metadata: { cores: '16' }, host: 'host-2' });
    const later = await cloud.boot([], { flavorRef });
    expect(await cloud.settled(later, 'ACTIVE', 'ERROR')).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-SRV-ATTR:host': 'host-2',
    });
  },
);

scenario(
  'a server that was requested in a zone does not leave it by a migration',
  async (cloud) => {
    await aggregate(cloud, 'west', { zone: 'west', host: 'host-2' });
    const pinned = await cloud.boot([], { availability_zone: 'west' });
    const free = await cloud.boot([]);
    for (const id of [pinned, free]) await cloud.settled(id, 'ACTIVE', 'ERROR');
    const migrate = (id: string) =>
      cloud.ok('compute', 'POST', `/servers/${id}/action`, { migrate: null });
    await migrate(free);
    expect(await cloud.settled(free, 'ACTIVE', 'ERROR', 'VERIFY_RESIZE')).toMatchObject({
      status: 'VERIFY_RESIZE',
    });
    await migrate(pinned);
    const server = await cloud.settled(pinned, 'ACTIVE', 'ERROR', 'VERIFY_RESIZE');
    expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'host-2' });
    const { instanceActions } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${pinned}/os-instance-actions`,
    );
    expect(instanceActions[0]).toMatchObject({
      action: 'migrate',
      message: expect.stringContaining('No valid host was found.'),
    });
  },
);
