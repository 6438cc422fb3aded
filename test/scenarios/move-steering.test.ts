/** A live migration is watched, aborted, or completed by force while its guest is on its way. */
import { expect } from 'vitest';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  bindingOf,
  movesOf,
  serverWithVfs,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const headers = { 'openstack-api-version': 'compute 2.84' };

/** A live migration whose guest has left its host and has not arrived. */
async function onItsWay(cloud: Cloud, { hosts }: AllInOne) {
  const { id, ports, from } = await serverWithVfs(cloud);
  const to = from === 'host-1' ? 'host-2' : 'host-1';
  hosts.setFault(from, 'slow-moves');
  const body = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
  expect((await act(cloud, id, body)).status).toBe(202);
  const path = `/servers/${id}/migrations`;
  const shown = await cloud.until(async () => {
    const { migrations } = (await cloud.send('compute', 'GET', path, { headers })).body;
    return { done: migrations[0]?.memory_remaining_bytes > 0, value: migrations[0] };
  });
  return { id, ports, from, to, path: `${path}/${shown.id}` };
}

async function migrateAction(cloud: Cloud, id: string) {
  const path = `/servers/${id}/os-instance-actions`;
  const { instanceActions } = await cloud.ok('compute', 'GET', path);
  return instanceActions.find(({ action }: { action: string }) => action === 'live-migration');
}

scenario(
  'an aborted live migration is cancelled: the server runs where it was, and the new host has nothing of it',
  async (cloud, running) => {
    const { id, ports, from, to, path } = await onItsWay(cloud, running);
    expect((await cloud.send('compute', 'DELETE', path, { headers })).status).toBe(202);
    const server = await cloud.settled(id, 'ACTIVE');
    expect(server['OS-EXT-SRV-ATTR:host']).toBe(from);
    expect((await movesOf(cloud, id))[0]).toMatchObject({ status: 'cancelled' });
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    for (const port of ports) {
      expect((await bindingOf(cloud, port)).all).toEqual([`${from} ACTIVE`]);
    }
    const message = 'The live migration was aborted: the server is where it was.';
    expect(await migrateAction(cloud, id)).toMatchObject({ message });
    const listed = await cloud.send('compute', 'GET', '/os-migrations?status=cancelled', {
      headers,
    });
    expect(listed.body.migrations).toHaveLength(1);
    expect((await cloud.send('compute', 'DELETE', path, { headers })).status).toBe(404);
    running.hosts.setFault(from, 'slow-moves', false);
    // It is no obstacle for the next.
    const again = { 'os-migrateLive': { host: to, block_migration: 'auto' } };
    expect((await act(cloud, id, again)).status).toBe(202);
    const moved = await cloud.settled(id, 'ACTIVE');
    expect(moved['OS-EXT-SRV-ATTR:host']).toBe(to);
  },
  withHosts(2),
);

scenario(
  'a live migration is completed by force',
  async (cloud, running) => {
    const { id, to, path } = await onItsWay(cloud, running);
    const body = { force_complete: null };
    const forced = await cloud.send('compute', 'POST', `${path}/action`, { body, headers });
    expect(forced.status).toBe(202);
    const server = await cloud.settled(id, 'ACTIVE');
    expect(server['OS-EXT-SRV-ATTR:host']).toBe(to);
    expect((await movesOf(cloud, id))[0]).toMatchObject({ status: 'completed' });
  },
  withHosts(2),
);
