/**
 * Ports whose devices a switch steers: vDPA devices, VFs that a DPU manages, and VFs behind a
 * forwarder.
 */
import { expect } from 'vitest';
import type { Config, ConfigEntry } from '#programs/config/config.ts';
import { act, move, setService, unused, useOf } from '#test/moves/move-verbs.ts';
import { scenario } from '#test/worlds/cloud.ts';

function spec(object: object): ConfigEntry {
  return { text: JSON.stringify({ physical_network: 'physnet1', ...object }), source: 'test' };
}

/** Each with a card of vDPA devices, one that a DPU manages, and a plain one. */
function cards(config: Config): Config {
  const kind = 'PF' as const;
  const hosts = ['host-1', 'host-2'].map((name, at) => ({
    name,
    deviceSpec: [
      spec({ address: '0000:3b:00.*' }),
      spec({
        address: '0000:5e:00.*',
        vendor_id: '15b3',
        product_id: '1018',
        remote_managed: 'true',
      }),
      spec({ address: '0000:86:00.*', vendor_id: '15b3', product_id: '1018' }),
    ],
    devices: [
      { kind, bus: '3b', vfs: 2, vdpa: true, mac: `02:00:00:00:3b:0${at}` },
      { kind, bus: '5e', vfs: 2, serial: `DPU-${at + 1}`, mac: `02:00:00:00:5e:0${at}` },
      { kind, bus: '86', vfs: 2, mac: `02:00:00:00:86:0${at}` },
    ],
    bridgeMappings: ['physnet1'],
  }));
  return { ...config, simulated: { kind: 'described', hosts } };
}

const types = ['vdpa', 'remote-managed', 'virtio-forwarder'] as const;

scenario(
  'a server gets a vDPA device, a VF of a DPU, and a VF behind a forwarder; they follow it to another host',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const ports: string[] = [];
    for (const type of types) ports.push(await cloud.port(red, type));
    const id = await cloud.boot(ports.map((port) => ({ port })));
    const { 'OS-EXT-SRV-ATTR:host': from } = await cloud.settled(id, 'ACTIVE');
    const to = from === 'host-1' ? 'host-2' : 'host-1';

    const expectBound = async (host: string) => {
      const bound = await Promise.all(ports.map((port) => cloud.showPort(port)));
      expect(bound.map((port) => port['binding:vif_type'])).toEqual(['ovs', 'ovs', 'vhostuser']);
      const profiles = bound.map((port) => port['binding:profile']);
      expect(profiles[0].pci_slot).toMatch(/^0000:3b:00\.[12]$/);
      expect(profiles[0]).not.toHaveProperty('vf_num');
      expect(profiles[1]).toMatchObject({
        pci_slot: expect.stringMatching(/^0000:5e:00\.[12]$/),
        card_serial_number: host === 'host-1' ? 'DPU-1' : 'DPU-2',
        pf_mac_address: host === 'host-1' ? '02:00:00:00:5e:00' : '02:00:00:00:5e:01',
        vf_num: expect.any(Number),
      });
      expect(profiles[2].pci_slot).toMatch(/^0000:86:00\.[12]$/);
      const { domain_xml: xml } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
      expect(xml).toMatch(/<interface type='vdpa'>[^]*?<source dev='\/dev\/vhost-vdpa-[01]'/);
      expect(xml).toMatch(/<interface type='hostdev'[^]*?bus='0x5e'/);
      expect(xml).toMatch(/<interface type='vhostuser'>[^]*?path='\/var\/run\/openvswitch\/vhu/);
    };
    await expectBound(from);

    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE', 'ERROR');
    await expectBound(to);
    expect((await act(cloud, id, { confirmResize: null })).status).toBe(204);
    await cloud.settled(id, 'ACTIVE');
    expect(await useOf(cloud, running, from)).toMatchObject(unused);

    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    expect((await cloud.showPort(ports[0]!))['binding:vif_type']).toBe('unbound');
  },
  cards,
);

scenario(
  'a vDPA device is given to no other kind of port, nor another device to a vdpa port',
  async (cloud) => {
    await setService(cloud, 'host-2', { status: 'disabled' });
    const red = await cloud.network('red');
    const boot = async (type: (typeof types)[number] | 'direct') =>
      cloud.settled(await cloud.boot([{ port: await cloud.port(red, type) }]), 'ACTIVE', 'ERROR');
    for (const type of ['vdpa', 'vdpa', 'remote-managed', 'remote-managed', 'direct', 'direct']) {
      expect((await boot(type as 'vdpa')).status).toBe('ACTIVE');
    }
    for (const type of ['vdpa', 'remote-managed', 'direct', 'virtio-forwarder'] as const) {
      expect((await boot(type)).status).toBe('ERROR');
    }
  },
  cards,
);
