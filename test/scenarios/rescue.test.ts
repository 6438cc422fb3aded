/** A server with a VF is rescued: it starts from another image, with the same devices, and back. */
import { expect } from 'vitest';
import { keptGuest } from '#test/processes/kept-guests.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { uploadImage } from '#test/images/upload-image.ts';

const act = (cloud: Cloud, id: string, body: object) =>
  cloud.send('compute', 'POST', `/servers/${id}/action`, { body });

async function withVf(cloud: Cloud) {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  return { id, slot: async () => (await cloud.showPort(port))['binding:profile'].pci_slot };
}

async function newestAction(cloud: Cloud, id: string) {
  const list = await cloud.ok('compute', 'GET', `/servers/${id}/os-instance-actions`);
  return list.instanceActions[0];
}

scenario('rescue and unrescue keep the VF', async (cloud, running) => {
  const { id, slot } = await withVf(cloud);
  const before = await slot();
  const image = await uploadImage(
    cloud.session,
    { name: 'rescue', container_format: 'bare', disk_format: 'raw' },
    new Uint8Array(4096),
  );
  const reply = await act(cloud, id, { rescue: { rescue_image_ref: image } });
  expect([reply.status, Object.keys(reply.body)]).toEqual([200, ['adminPass']]);
  await cloud.settled(id, 'RESCUE');
  const { state, guest } = keptGuest(running, id);
  expect([state, guest.rescue?.imageId, guest.nics.length]).toEqual(['running', image, 1]);
  expect(guest.nics[0]).toMatchObject({ address: before });
  const refused = await act(cloud, id, { reboot: { type: 'HARD' } });
  expect(refused.body.conflictingRequest.message).toMatch(/vm_state rescued$/);
  expect((await act(cloud, id, { unrescue: null })).status).toBe(202);
  await cloud.settled(id, 'ACTIVE');
  expect(keptGuest(running, id).guest.rescue).toBeUndefined();
  expect(await slot()).toBe(before);
  expect(await newestAction(cloud, id)).toMatchObject({ action: 'unrescue', message: null });
  await act(cloud, id, { 'os-stop': null });
  await cloud.settled(id, 'SHUTOFF');
  await act(cloud, id, { rescue: null });
  await cloud.settled(id, 'RESCUE');
  expect((await cloud.send('compute', 'DELETE', `/servers/${id}`)).status).toBe(204);
  await cloud.gone(id);
});

scenario(
  'a rescue that its host cannot prepare leaves the server running',
  async (cloud, running) => {
    const { id } = await withVf(cloud);
    for (const host of ['host-1', 'host-2']) running.hosts.setFault(host, 'disk-full', true);
    expect((await act(cloud, id, { rescue: null })).status).toBe(200);
    const { fault } = await cloud.settled(id, 'ACTIVE', 'RESCUE', 'ERROR');
    expect(fault).toBeUndefined();
    expect(keptGuest(running, id)).toMatchObject({ state: 'running' });
    expect(await newestAction(cloud, id)).toMatchObject({
      action: 'rescue',
      message: expect.stringMatching(/No space left on device/) as string,
    });
  },
);
