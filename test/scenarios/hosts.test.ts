/** Hosts that are disabled, restarted with other entries, and changed underneath: held devices stay with their servers. */
import { expect } from 'vitest';
import type { Config, ConfigEntry } from '#programs/config.ts';
import { scenario } from '#test/cloud.ts';

const vfs: ConfigEntry = {
  text: '{"vendor_id": "15b3", "product_id": "1018", "physical_network": "physnet1"}',
  source: 'test',
};
const card = (count: number) => ({ kind: 'PF' as const, bus: '3b', vfs: count });

function oneCard(config: Config): Config {
  const host = { name: 'host-1', deviceSpec: [vfs], devices: [card(2)], bridgeMappings: [] };
  return { ...config, simulated: { kind: 'described', hosts: [host] } };
}

scenario(
  'a disabled host gets no server and says why; enabled again it does',
  async (cloud) => {
    const headers = { 'openstack-api-version': 'compute 2.53' };
    const listed = await cloud.send('compute', 'GET', '/os-services', { headers });
    const path = `/os-services/${listed.body.services[0].id}`;
    const set = (body: object) => cloud.send('compute', 'PUT', path, { body, headers });
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
  'a server keeps its VF when the entry that admitted it goes, and nobody gets it afterwards',
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
  'VFs that come are seen at the next refresh; those that go are offered no more',
  async (cloud, { hosts }) => {
    const free = async () => {
      const { stats } = await cloud.ok('operator', 'GET', '/pci/pools');
      return stats.map(({ count }: { count: number }) => count);
    };
    expect(await free()).toEqual([2]);
    hosts.setDevices('host-1', [card(4)]);
    expect(await free()).toEqual([2]);
    await hosts.refresh();
    expect(await free()).toEqual([4]);
    await hosts.restart('host-1', { devices: [card(1)] });
    expect(await free()).toEqual([1]);
  },
  oneCard,
);
