/** Shelving: a server leaves its host with its disk in an image, and returns to any host. */
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { act, setService, unused, usedBy, useOf, withHosts } from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

async function aServer(cloud: Cloud) {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  const server = await cloud.settled(id, 'ACTIVE');
  const from: string = server['OS-EXT-SRV-ATTR:host'];
  return { id, port, from, to: from === 'host-1' ? 'host-2' : 'host-1' };
}

async function imageNames(cloud: Cloud): Promise<string[]> {
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  return images.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`);
}

async function shelved(cloud: Cloud, id: string) {
  expect((await act(cloud, id, { shelve: null })).status).toBe(202);
  return cloud.settled(id, 'SHELVED_OFFLOADED');
}

scenario(
  'a shelved server keeps its port and address, holds nothing on its host, and returns to another',
  async (cloud, running) => {
    const { id, port, from, to } = await aServer(cloud);
    const before = await cloud.showPort(port);
    const seen = await shelved(cloud, id);
    expect(seen).toMatchObject({ 'OS-EXT-SRV-ATTR:host': null, 'OS-EXT-STS:power_state': 0 });
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await imageNames(cloud)).toContain(`${seen.name}-shelved active`);
    const kept = await cloud.showPort(port);
    expect(kept).toMatchObject({ device_id: id, 'binding:host_id': '', 'binding:profile': {} });
    expect(kept.fixed_ips).toEqual(before.fixed_ips);
    await setService(cloud, from, { status: 'disabled' });
    expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
    await cloud.settled(id, 'ACTIVE');
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 1 }));
    expect(await cloud.showPort(port)).toMatchObject({ 'binding:host_id': to });
    expect(await imageNames(cloud)).not.toContain(`${seen.name}-shelved active`);
  },
  withHosts(2),
);

scenario(
  'a shelved server that no host can take stays shelved; deleted, it leaves neither image nor binding',
  async (cloud, running) => {
    const { id, port, from, to } = await aServer(cloud);
    const { name } = await shelved(cloud, id);
    for (const host of [from, to]) await setService(cloud, host, { status: 'disabled' });
    expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
    await cloud.settled(id, 'SHELVED_OFFLOADED');
    expect((await act(cloud, id, { reboot: { type: 'HARD' } })).status).toBe(409);
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
    expect(await imageNames(cloud)).not.toContain(`${name}-shelved active`);
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
  },
  withHosts(2),
);

scenario(
  'a shelved server returns without the NIC whose port was deleted meanwhile',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const [kept, deleted] = [await cloud.port(red, 'direct'), await cloud.port(red, 'direct')];
    const id = await cloud.boot([{ port: deleted }, { port: kept }]);
    await cloud.settled(id, 'ACTIVE');
    await shelved(cloud, id);
    await cloud.ok('network', 'DELETE', `/ports/${deleted}`);
    expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    expect(await useOf(cloud, running, host)).toMatchObject(usedBy(id, { vfs: 1 }));
    const { interfaceAttachments } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${id}/os-interface`,
    );
    expect(interfaceAttachments).toMatchObject([{ port_id: kept }]);
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await useOf(cloud, running, host)).toMatchObject(unused);
  },
  withHosts(2),
);

scenario(
  'a disk that cannot be copied: the guest runs again, and no image is left',
  async (cloud, running) => {
    const { id, from } = await aServer(cloud);
    running.hosts.watchCalls(from, ({ act: call }, when) => {
      if (call !== 'copyDisk' || when !== 'before') return;
      throw new ComputeError('unavailable', 'No space left on device');
    });
    expect((await act(cloud, id, { shelve: null })).status).toBe(202);
    const { name } = await cloud.settled(id, 'ACTIVE');
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 1 }));
    expect((await imageNames(cloud)).join()).not.toContain(`${name}-shelved`);
  },
  withHosts(2),
);

scenario(
  'an unshelve that fails on the host leaves the server shelved and its port on no host',
  async (cloud, running) => {
    const { id, port, from, to } = await aServer(cloud);
    await shelved(cloud, id);
    for (const host of [from, to]) {
      running.hosts.watchCalls(host, ({ act: call }, when) => {
        if (call === 'start' && when === 'before') throw new ComputeError('unavailable', 'no');
      });
    }
    expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
    await cloud.settled(id, 'SHELVED_OFFLOADED');
    expect(await cloud.showPort(port)).toMatchObject({ device_id: id, 'binding:host_id': '' });
    for (const host of [from, to]) {
      expect(await useOf(cloud, running, host)).toMatchObject(unused);
      running.hosts.watchCalls(host, undefined);
    }
    expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
    await cloud.settled(id, 'ACTIVE');
  },
  withHosts(2),
);

scenario(
  'a move is not reverted while its new host does not answer: two hosts must not run the guest',
  async (cloud, running) => {
    const { id } = await aServer(cloud);
    expect((await act(cloud, id, { migrate: null })).status).toBe(202);
    const moved = await cloud.settled(id, 'VERIFY_RESIZE');
    const host: string = moved['OS-EXT-SRV-ATTR:host'];
    await setService(cloud, host, { forced_down: true });
    running.hosts.kill(host);
    expect((await act(cloud, id, { revertResize: null })).status).toBe(409);
    expect(await cloud.settled(id, 'VERIFY_RESIZE')).toMatchObject({ status: 'VERIFY_RESIZE' });
  },
  withHosts(2),
);

scenario(
  'from 2.95 on an evacuated server is off on its new host, and its user starts it',
  async (cloud, running) => {
    const { id, from, to } = await aServer(cloud);
    running.hosts.kill(from);
    await setService(cloud, from, { forced_down: true });
    const headers = { 'openstack-api-version': 'compute 2.95' };
    const body = { evacuate: {} };
    const reply = await cloud.send('compute', 'POST', `/servers/${id}/action`, { body, headers });
    expect(reply.status).toBe(200);
    await cloud.settled(id, 'SHUTOFF');
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 1, state: 'shutOff' }));
    expect((await act(cloud, id, { 'os-start': null })).status).toBe(202);
    await cloud.settled(id, 'ACTIVE');
  },
  withHosts(2),
);

const losses = [
  { name: 'stays silent', hostDownMs: 1_000, hostLostMs: 2_000, isForced: false },
  { name: 'is forced down', hostDownMs: 1_000, hostLostMs: 600_000, isForced: true },
];

for (const { name, isForced, ...limits } of losses) {
  for (const returns of [true, false]) {
    scenario(
      `a host that dies before it has removed a shelved guest and ${name}: the server is offloaded ${returns ? 'and returns elsewhere' : 'and can be deleted'}, and the host is free once it is back`,
      async (cloud, running) => {
        const { id, port, from, to } = await aServer(cloud);
        running.hosts.watchCalls(from, ({ act: call }, when) => {
          if (call !== 'undefine' || when !== 'before') return;
          running.hosts.watchCalls(from, undefined);
          running.hosts.kill(from);
        });
        expect((await act(cloud, id, { shelve: null })).status).toBe(202);
        await cloud.until(async () => {
          const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
          return { done: server['OS-EXT-STS:vm_state'].startsWith('shelved'), value: server };
        });
        if (isForced) await setService(cloud, from, { forced_down: true });
        const server = await cloud.settled(id, 'SHELVED_OFFLOADED');
        expect(server['OS-EXT-SRV-ATTR:host']).toBeNull();
        expect(await cloud.showPort(port)).toMatchObject({ 'binding:host_id': '' });
        // A device is not given twice: the guest is still there.
        expect(await useOf(cloud, running, from)).toMatchObject(
          usedBy(id, { vfs: 1, state: 'shutOff' }),
        );
        if (returns) {
          expect((await act(cloud, id, { unshelve: null })).status).toBe(202);
          await cloud.settled(id, 'ACTIVE');
        } else {
          await cloud.ok('compute', 'DELETE', `/servers/${id}`);
          await cloud.gone(id);
        }
        if (isForced) await setService(cloud, from, { forced_down: false });
        await running.hosts.start(from);
        await cloud.until(async () => {
          const value = await useOf(cloud, running, from);
          return { done: value.guests.length + value.holders.length === 0, value };
        });
        expect(await useOf(cloud, running, from)).toMatchObject(unused);
        expect(await useOf(cloud, running, to)).toMatchObject(
          returns ? usedBy(id, { vfs: 1 }) : unused,
        );
        if (returns) expect(await cloud.showPort(port)).toMatchObject({ 'binding:host_id': to });
      },
      (config) => ({ ...withHosts(2)(config), ...limits }),
      90_000,
    );
  }
}
