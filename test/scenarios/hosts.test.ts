/**
 * Hosts that are disabled, restarted with other entries, and changed underneath: held devices stay
 * with their servers.
 */
import { expect } from 'vitest';
import type { Config, ConfigEntry } from '#programs/config/config.ts';
import { type Cloud, type Reply, scenario } from '#test/worlds/cloud.ts';

const vfs: ConfigEntry = {
  text: '{"vendor_id": "15b3", "product_id": "1018", "physical_network": "physnet1"}',
  source: 'test',
};
const card = (count: number) => ({ kind: 'PF' as const, bus: '3b', vfs: count });

function oneCard(config: Config): Config {
  const host = { name: 'host-1', deviceSpec: [vfs], devices: [card(2)], bridgeMappings: [] };
  return { ...config, simulated: { kind: 'described', hosts: [host] } };
}

/** Changes the compute service of the only host. */
async function setService(cloud: Cloud, body: object): Promise<Reply> {
  const headers = { 'openstack-api-version': 'compute 2.53' };
  const listed = await cloud.send('compute', 'GET', '/os-services', { headers });
  const path = `/os-services/${listed.body.services[0].id}`;
  return cloud.send('compute', 'PUT', path, { body, headers });
}

scenario(
  'a disabled host gets no server, with the reason; an enabled one does again',
  async (cloud) => {
    const set = (body: object) => setService(cloud, body);
    const { status, body } = await set({ status: 'disabled', disabled_reason: 'new fans' });
    expect([status, body.service.status, body.service.disabled_reason]).toEqual([
      200,
      'disabled',
      'new fans',
    ]);
    const refused = await cloud.settled(await cloud.boot([]), 'ERROR');
    expect(refused.fault.message).toContain('host-1: enabled: disabled: new fans');
    await set({ status: 'enabled', forced_down: true });
    const down = await cloud.settled(await cloud.boot([]), 'ERROR');
    expect(down.fault.message).toContain('host-1: alive');
    await set({ forced_down: false });
    await cloud.settled(await cloud.boot([]), 'ACTIVE');
    expect((await set({ disabled_reason: 'why' })).status).toBe(400);
  },
  oneCard,
);

scenario(
  'a server keeps its VF when its device spec is removed, and no other gets it afterwards',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const [first, second] = [await cloud.port(red, 'direct'), await cloud.port(red, 'direct')];
    const id = await cloud.boot([{ port: first }]);
    await cloud.settled(id, 'ACTIVE');
    await hosts.restart('host-1', { deviceSpec: [] });
    const held = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(held.devices).toMatchObject([{ status: 'missing', instance_uuid: id }]);
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    await cloud.settled(await cloud.boot([{ port: second }]), 'ERROR');
  },
  oneCard,
);

scenario(
  'new VFs are offered without a restart; removed ones are no longer offered',
  async (cloud, { hosts }) => {
    const free = async () => {
      const { stats } = await cloud.ok('operator', 'GET', '/pci/pools');
      return stats.map(({ count }: { count: number }) => count);
    };
    expect(await free()).toEqual([2]);
    hosts.setDevices('host-1', [card(4)]);
    await cloud.until(async () => {
      const value = await free();
      return { done: value[0] === 4, value };
    });
    await hosts.restart('host-1', { devices: [card(1)] });
    expect(await free()).toEqual([1]);
  },
  oneCard,
);

scenario(
  'a server on a silent host can be deleted; its VF is free only when the host has released it',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }]);
    await cloud.settled(id, 'ACTIVE');
    await hosts.stop('host-1');
    await setService(cloud, { forced_down: true });
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:profile': {} });
    const held = async () => {
      const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
      return devices.filter((device: { instance_uuid: string | null }) => device.instance_uuid);
    };
    expect(await held()).toMatchObject([{ instance_uuid: id, status: 'allocated' }]);

    await hosts.start('host-1');
    await setService(cloud, { forced_down: false });
    await cloud.until(async () => ({ done: (await held()).length === 0, value: await held() }));
    await cloud.settled(await cloud.boot([{ port }]), 'ACTIVE');
  },
  oneCard,
);

scenario(
  'a VF that belongs to another card after a restart is missing, and its server does not start with it',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }]);
    await cloud.settled(id, 'ACTIVE');
    const held = async () => {
      const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
      return devices.filter((device: { instance_uuid: string | null }) => device.instance_uuid);
    };
    const [{ address }] = await held();
    await hosts.restart('host-1', { devices: [{ ...card(2), mac: '02:00:00:00:77:77' }] });
    const was = 'was 15b3:1018 of PF 0c:42:a1:00:3b:00, is 15b3:1018 of PF 02:00:00:00:77:77';
    const replaced = `PCI device ${address} is another device now: ${was}`;
    expect(await held()).toMatchObject([{ status: 'missing', instance_uuid: id, replaced }]);

    const reboot = async () => {
      const body = { reboot: { type: 'HARD' } };
      await cloud.send('compute', 'POST', `/servers/${id}/action`, { body });
      await cloud.until(async () => {
        const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
        return { done: server['OS-EXT-STS:task_state'] === null, value: server };
      });
      const { instanceActions } = await cloud.ok(
        'compute',
        'GET',
        `/servers/${id}/os-instance-actions`,
      );
      return instanceActions[0].message;
    };
    expect(await reboot()).toContain(replaced);
    expect(JSON.stringify(await cloud.ok('operator', 'GET', '/hosts'))).toContain(replaced);

    await hosts.restart('host-1', { devices: [card(2)] });
    expect(await held()).toMatchObject([{ status: 'allocated', replaced: null }]);
    expect(await reboot()).toBeNull();

    await hosts.restart('host-1', { devices: [{ ...card(2), mac: '02:00:00:00:77:77' }] });
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    await cloud.until(async () => ({ done: (await held()).length === 0, value: await held() }));
    const { stats } = await cloud.ok('operator', 'GET', '/pci/pools');
    expect(stats.map(({ count }: { count: number }) => count)).toEqual([2]);
    expect(JSON.stringify(await cloud.ok('operator', 'GET', '/hosts'))).not.toContain(replaced);
  },
  oneCard,
);
