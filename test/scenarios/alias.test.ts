/** Generic PCI passthrough: a flavor requests devices by alias, beside and without SR-IOV ports. */
import { expect } from 'vitest';
import type { Cloud } from '#test/worlds/cloud.ts';
import { scenario } from '#test/worlds/cloud.ts';
import type { Config } from '#programs/config/config.ts';

/**
 * Hosts that offer their second PF's VFs without a physical network, under the alias `accelerator`.
 */
function withAccelerators(config: Config): Config {
  const specs = [
    '{"devname": "enp1s0", "physical_network": "physnet1"}',
    '{"devname": "enp2s0", "product_id": "10ca"}',
  ];
  const source = 'test';
  return {
    ...config,
    aliases: [
      {
        text: '{"name": "accelerator", "vendor_id": "8086", "product_id": "10ca", "device_type": "type-VF"}',
        source,
      },
    ],
    simulated: {
      kind: 'captured',
      hosts: [
        {
          name: 'host-1',
          vcpus: 8,
          memoryMib: 16_384,
          diskGib: 200,
          deviceSpec: specs.map((text) => ({ text, source })),
        },
      ],
    },
  };
}

async function flavorAsking(cloud: Cloud, alias: string): Promise<string> {
  const { flavor } = await cloud.ok('compute', 'POST', '/flavors', {
    flavor: { name: 'accelerated', ram: 512, vcpus: 1, disk: 1, id: null },
  });
  const reply = await cloud.send('compute', 'POST', `/flavors/${flavor.id}/os-extra_specs`, {
    body: { extra_specs: { 'pci_passthrough:alias': alias } },
  });
  expect(reply.status).toBe(200);
  return flavor.id;
}

scenario(
  'an alias and a port each get a device of their own type',
  async (cloud) => {
    const flavorRef = await flavorAsking(cloud, 'accelerator:2');
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }], { flavorRef });
    await cloud.settled(id, 'ACTIVE');
    const { body } = await cloud.send('operator', 'GET', `/servers/${id}/explain`);
    const addresses: string[] = body.devices.map((device: { address: string }) => device.address);
    expect(addresses.filter((address) => address.startsWith('0000:01:'))).toHaveLength(1);
    expect(addresses.filter((address) => address.startsWith('0000:02:'))).toHaveLength(2);
    expect(body.domain_xml.match(/<interface type=["']hostdev["']/g)).toHaveLength(1);
    expect(body.domain_xml.match(/<hostdev mode=["']subsystem["']/g)).toHaveLength(2);
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    const { devices } = await cloud.ok('operator', 'GET', '/pci/devices?status=available');
    expect(devices).toHaveLength(9);
  },
  withAccelerators,
);

scenario(
  'a flavor with an unknown alias is refused by its name',
  async (cloud) => {
    const flavorRef = await flavorAsking(cloud, 'unheard-of:1');
    const { images } = await cloud.ok('image', 'GET', '/v2/images');
    const reply = await cloud.send('compute', 'POST', '/servers', {
      body: { server: { name: 's', flavorRef, imageRef: images[0].id, networks: [] } },
    });
    expect(reply.status).toBe(400);
    expect(reply.body.badRequest.message).toMatch(/alias "unheard-of" is not defined/);
  },
  withAccelerators,
);
