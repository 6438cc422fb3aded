/**
 * Guests that change on their host, or while no agent watched: their servers follow, and guests
 * without a server are left alone.
 */
import { expect } from 'vitest';
import type { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import type { AllInOne } from '#programs/up/up.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { aGuest, aHostdevNic, vf0 } from '#test/hosts/guests.ts';

/** An active server with a direct port, and its host as an operator would use it. */
async function aServer(cloud: Cloud, { hosts }: AllInOne) {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
  return {
    id,
    port,
    host,
    onHost: (act: (hypervisor: SimulatedHypervisor) => Promise<void> | void) =>
      hosts.onHost(host, async ({ hypervisor }) => act(hypervisor)),
    /** Once both states match. */
    becomes: (status: string, power: number) =>
      cloud.until(async () => {
        const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
        const holds = server.status === status && server['OS-EXT-STS:power_state'] === power;
        return { done: holds && !server['OS-EXT-STS:task_state'], value: server };
      }),
    act: async (body: object) => {
      const path = `/servers/${id}/action`;
      expect((await cloud.send('compute', 'POST', path, { body })).status).toBe(202);
    },
    newestAction: async () => {
      const path = `/servers/${id}/os-instance-actions`;
      const { instanceActions } = await cloud.ok('compute', 'GET', path);
      return instanceActions[0];
    },
  };
}

scenario(
  'a guest that powers itself off becomes SHUTOFF, keeps its VF, and starts again',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    await server.onHost((hypervisor) => hypervisor.shutDown(server.id));
    await server.becomes('SHUTOFF', 4);
    expect(await server.newestAction()).toMatchObject({ action: 'stop', message: null });
    expect((await cloud.freeVfs('physnet1'))[server.host]).toBe(3);
    await server.act({ 'os-start': null });
    await server.becomes('ACTIVE', 1);
  },
);

scenario(
  'a guest that crashes becomes SHUTOFF, and its fault has the reason',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    await server.onHost((hypervisor) => hypervisor.crash(server.id));
    await server.becomes('SHUTOFF', 6);
    expect(await server.newestAction()).toMatchObject({
      action: 'stop',
      message: 'its guest crashed',
    });
    await server.act({ 'os-start': null });
    await server.becomes('ACTIVE', 1);
  },
);

scenario(
  'a guest that is paused on its host becomes PAUSED, and ACTIVE when it continues',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    await server.onHost((hypervisor) => hypervisor.pause(server.id));
    await server.becomes('PAUSED', 3);
    await server.onHost((hypervisor) => hypervisor.unpause(server.id));
    await server.becomes('ACTIVE', 1);
    await server.onHost((hypervisor) => hypervisor.pause(server.id));
    await server.becomes('PAUSED', 3);
    await server.act({ unpause: null });
    await server.becomes('ACTIVE', 1);
  },
);

scenario(
  'a change during an action is noticed when the action has ended',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    // The guest ends at the very moment at which the host has executed its command.
    running.hosts.watchCalls(server.host, ({ act }, when) => {
      if (act !== 'reboot' || when !== 'after') return;
      running.hosts.watchCalls(server.host, undefined);
      void server.onHost((hypervisor) => hypervisor.destroy(server.id));
    });
    await server.act({ reboot: { type: 'SOFT' } });
    await server.becomes('SHUTOFF', 4);
  },
);

scenario(
  'a change during the agent’s absence is noticed when it is back',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    running.hosts.kill(server.host);
    await server.onHost((hypervisor) => hypervisor.destroy(server.id));
    await running.hosts.start(server.host);
    await server.becomes('SHUTOFF', 4);
  },
);

scenario(
  'a guest that no longer exists leaves its server ACTIVE without power, until a hard reboot recreates it',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    running.hosts.kill(server.host);
    await server.onHost(async (hypervisor) => {
      await hypervisor.destroy(server.id);
      await hypervisor.undefine(server.id);
    });
    await running.hosts.start(server.host);
    await server.becomes('ACTIVE', 0);
    expect((await server.newestAction()).message).toContain('a hard reboot creates it again');
    expect((await cloud.freeVfs('physnet1'))[server.host]).toBe(3);
    await server.act({ reboot: { type: 'HARD' } });
    await server.becomes('ACTIVE', 1);
    await server.onHost(async (hypervisor) => {
      const [guest] = await hypervisor.listGuests();
      const { 'binding:profile': profile } = await cloud.showPort(server.port);
      expect(guest?.devices.map(({ address }) => address)).toEqual([profile.pci_slot]);
    });
  },
);

scenario(
  'a guest without a server is shown to the operator, and left alone',
  async (cloud, { hosts }) => {
    const guest = aGuest({ nics: [aHostdevNic(vf0)] });
    await hosts.onHost('host-1', async ({ hypervisor }) => {
      await hypervisor.define(guest, {});
      await hypervisor.start(guest.id);
    });
    await hosts.restart('host-1');
    const { hosts: shown } = await cloud.ok('operator', 'GET', '/hosts?host=host-1');
    expect(shown[0].problems).toEqual([
      {
        code: 'stray-guest',
        blocks: 'none',
        message: expect.stringContaining(`${guest.name} (${guest.id}) is on this host`),
      },
    ]);
    // Nor does a server take its VF: it gets another or another host.
    const red = await cloud.network('red');
    for (const _ of [1, 2, 3]) {
      await cloud.settled(await cloud.boot([{ port: await cloud.port(red, 'direct') }]), 'ACTIVE');
    }
    await hosts.onHost('host-1', async ({ hypervisor }) => {
      const found = (await hypervisor.listGuests()).find(({ id }) => id === guest.id);
      expect([found?.state, found?.devices.length]).toEqual(['running', 1]);
      await hypervisor.destroy(guest.id);
      await hypervisor.undefine(guest.id);
    });
    await cloud.until(async () => {
      await hosts.refresh();
      const after = await cloud.ok('operator', 'GET', '/hosts?host=host-1');
      return { done: after.hosts[0].problems.length === 0, value: after };
    });
  },
);

scenario(
  'the guest of a deleted server that returns with its host is removed',
  async (cloud, running) => {
    const server = await aServer(cloud, running);
    await cloud.send('compute', 'DELETE', `/servers/${server.id}`);
    await cloud.gone(server.id);
    const guest = aGuest({ id: server.id, nics: [aHostdevNic(vf0)] });
    // As on a host whose disk was restored to an earlier state.
    await server.onHost(async (hypervisor) => {
      await hypervisor.define(guest, {});
      await hypervisor.start(server.id);
    });
    await cloud.until(async () => {
      await running.hosts.refresh();
      const guests = await running.hosts.onHost(server.host, ({ hypervisor }) =>
        hypervisor.listGuests(),
      );
      return { done: guests.length === 0, value: guests };
    });
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  },
);
