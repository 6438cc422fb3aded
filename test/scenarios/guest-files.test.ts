/** What a guest has beside its NICs: images, kernel, config drive; and its console output. */
import { expect } from 'vitest';
import type { Guest } from '#core/guests/description/guest.ts';
import { keptGuest } from '#test/processes/kept-guests.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { qcow2Head } from '#test/images/image-source.ts';

/** An active image with these bytes. */
async function image(cloud: Cloud, fields: object, content: Uint8Array): Promise<string> {
  const requested = { name: 'i', container_format: 'bare', disk_format: 'raw', ...fields };
  const { id } = await cloud.ok('image', 'POST', '/v2/images', requested);
  const stored = await cloud.send('image', 'PUT', `/v2/images/${id}/file`, {
    bytes: new Uint8Array(content),
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect(stored.status).toBe(204);
  return id;
}

const act = (cloud: Cloud, id: string, body: object) =>
  cloud.send('compute', 'POST', `/servers/${id}/action`, { body });

async function consoleOf(cloud: Cloud, id: string, length: unknown = null): Promise<string> {
  const reply = await act(cloud, id, { 'os-getConsoleOutput': { length } });
  expect(reply.status).toBe(200);
  return reply.body.output;
}

/** A JSON file of its config drive. */
function driveFile({ configDrive }: Guest, name: string) {
  const file = configDrive?.find(({ path }) => path === `openstack/latest/${name}`);
  return JSON.parse(file?.content ?? 'null');
}

scenario(
  'a server with a VF finds its addresses and its VLAN on a config drive',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const id = await cloud.boot([{ port }], {
      metadata: { role: 'router' },
      user_data: Buffer.from('#!/bin/sh\n').toString('base64'),
    });
    expect((await cloud.settled(id, 'ACTIVE')).config_drive).toBe('True');
    const { mac_address: mac, fixed_ips: ips } = await cloud.showPort(port);
    const guest = keptGuest(running, id).guest;
    expect(driveFile(guest, 'meta_data.json')).toMatchObject({
      uuid: id,
      name: 's',
      hostname: 's',
      availability_zone: 'nova',
      meta: { role: 'router' },
      devices: [{ type: 'nic', bus: 'pci', mac, vlan: 42, vf_trusted: false }],
    });
    expect(driveFile(guest, 'network_data.json')).toMatchObject({
      links: [{ vif_id: port, type: 'hw_veb', mtu: 1500, ethernet_mac_address: mac }],
      networks: [
        {
          type: 'ipv4',
          ip_address: ips[0].ip_address,
          netmask: '255.255.255.0',
          network_id: red,
          routes: [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.42.0.1' }],
        },
      ],
    });
    const userData = guest.configDrive?.find(({ path }) => path === 'openstack/latest/user_data');
    expect(Buffer.from(userData?.content ?? '', 'base64').toString()).toBe('#!/bin/sh\n');
  },
);

scenario(
  'without a device a server has a config drive when its user requests one; a NIC attached later is on it after a reboot',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const plain = await cloud.boot([{ uuid: red }]);
    expect((await cloud.settled(plain, 'ACTIVE')).config_drive).toBe('');
    expect(keptGuest(running, plain).guest.configDrive).toBeNull();
    const request = await cloud.boot([{ uuid: red }], { config_drive: true });
    expect((await cloud.settled(request, 'ACTIVE')).config_drive).toBe('True');
    const port = await cloud.port(red, 'direct');
    await cloud.ok('compute', 'POST', `/servers/${request}/os-interface`, {
      interfaceAttachment: { port_id: port },
    });
    expect((await act(cloud, request, { reboot: { type: 'HARD' } })).status).toBe(202);
    await cloud.settled(request, 'ACTIVE');
    const links = driveFile(keptGuest(running, request).guest, 'network_data.json').links;
    expect(links.map((link: { type: string }) => link.type)).toEqual(['bridge', 'hw_veb']);
  },
);

scenario('the console is readable in any state, and only by its project', async (cloud) => {
  const red = await cloud.network('red');
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }], { name: 'talker' });
  await cloud.settled(id, 'ACTIVE');
  const all = await consoleOf(cloud, id);
  expect(all).toContain('talker login:');
  expect((await consoleOf(cloud, id, 10)).split('\n')).toEqual(all.split('\n').slice(-10));
  await act(cloud, id, { 'os-stop': null });
  await cloud.settled(id, 'SHUTOFF');
  expect(await consoleOf(cloud, id, -1)).toBe(all);
  const stranger = await cloud.as('novella-demo');
  expect((await act(stranger, id, { 'os-getConsoleOutput': {} })).status).toBe(404);
});

scenario(
  'a server boots its image’s kernel; a rebuild boots the new image’s',
  async (cloud, running) => {
    const bytes = Buffer.from('a kernel');
    const kernel = await image(cloud, { disk_format: 'aki', container_format: 'aki' }, bytes);
    const ramdisk = await image(cloud, { disk_format: 'ari', container_format: 'ari' }, bytes);
    const properties = {
      kernel_id: kernel,
      ramdisk_id: ramdisk,
      os_command_line: 'console=ttyS0 quiet',
    };
    const withKernel = await image(cloud, properties, Buffer.alloc(4096));
    const plain = await image(cloud, {}, Buffer.alloc(4096));
    const id = await cloud.boot([], { imageRef: withKernel });
    await cloud.settled(id, 'ACTIVE');
    const shown = async () => {
      const reply = await cloud.send('compute', 'GET', `/servers/${id}`, {
        headers: { 'openstack-api-version': 'compute 2.3' },
      });
      const { server } = reply.body;
      return [server['OS-EXT-SRV-ATTR:kernel_id'], server['OS-EXT-SRV-ATTR:ramdisk_id']];
    };
    expect(await shown()).toEqual([kernel, ramdisk]);
    expect(keptGuest(running, id).guest.kernel).toEqual({
      imageId: kernel,
      ramdiskImageId: ramdisk,
      commandLine: 'console=ttyS0 quiet',
    });
    expect(await consoleOf(cloud, id)).toContain(`[vda] image ${withKernel}`);
    await act(cloud, id, { rebuild: { imageRef: plain } });
    await cloud.settled(id, 'ACTIVE');
    expect(await shown()).toEqual(['', '']);
    expect(keptGuest(running, id).guest.kernel).toBeNull();
    expect(await consoleOf(cloud, id)).toContain(`[vda] image ${plain}`);
  },
);

scenario(
  'a server whose files are gone does not start with a new disk; a rebuild makes one',
  async (cloud, { hosts }) => {
    const id = await cloud.boot([]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    const onHost = (act: 'list' | 'remove') =>
      hosts.onHost(host, async ({ guestFiles }) => (await guestFiles[act](id)) ?? []);
    const acted = async (body: object, status: string) => {
      expect([200, 202]).toContain((await act(cloud, id, body)).status);
      return cloud.settled(id, status);
    };
    await acted({ 'os-stop': null }, 'SHUTOFF');
    await onHost('remove');
    await acted({ 'os-start': null }, 'SHUTOFF');
    const { instanceActions } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${id}/os-instance-actions`,
    );
    const why = 'has files that are not on its host: ';
    expect(instanceActions[0]).toMatchObject({
      action: 'start',
      message: expect.stringContaining(why),
    });
    const hard = await acted({ reboot: { type: 'HARD' } }, 'ERROR');
    expect(hard.fault.message).toContain(why);
    expect(await onHost('list')).toEqual([]);
    await acted({ rebuild: { imageRef: hard.image.id } }, 'ACTIVE');
    await acted({ rescue: null }, 'RESCUE');
    await onHost('remove');
    expect((await acted({ unrescue: null }, 'ERROR')).fault.message).toContain(why);
    expect(await onHost('list')).toEqual([]);
  },
);

const none = '00000000-0000-4000-8000-000000000000';

scenario('an image whose kernel does not exist is refused at once', async (cloud) => {
  const imageRef = await image(cloud, { kernel_id: none }, Buffer.alloc(4096));
  const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
  const server = { name: 's', flavorRef: flavors[0].id, imageRef, networks: 'none' };
  const reply = await cloud.send('compute', 'POST', '/servers', {
    body: { server },
    headers: { 'openstack-api-version': 'compute 2.37' },
  });
  expect([reply.status, reply.body.badRequest?.message]).toEqual([
    400,
    `imageRef: Image ${none}, the kernel_id of image ${imageRef}, could not be found.`,
  ]);
});

scenario(
  'an unusable image is the server’s fault, on one host only, and its VF is free again',
  async (cloud) => {
    const red = await cloud.network('red');
    const free = await cloud.freeVfs('physnet1');
    const head = qcow2Head({ backingOffset: 300, backingLength: 11 });
    const broken = await image(cloud, { disk_format: 'qcow2' }, head);
    const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }], { imageRef: broken });
    const server = await cloud.settled(id, 'ERROR');
    expect(server.fault.message).toBe(
      `image ${broken} is not a valid qcow2 image: it has a backing file`,
    );
    expect(await cloud.freeVfs('physnet1')).toEqual(free);
  },
);
