/**
 * Power, reboot, pause, suspend and rebuild of a server with a VF: it keeps its device and port
 * through all of them.
 */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

async function act(cloud: Cloud, id: string, body: object) {
  return cloud.send('compute', 'POST', `/servers/${id}/action`, { body });
}

/** An ACTIVE server with a direct port, and functions that show what it holds. */
async function withVf(cloud: Cloud) {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const slot = async () => (await cloud.showPort(port))['binding:profile'].pci_slot;
  const devices = async () =>
    (await cloud.ok('operator', 'GET', `/servers/${id}/explain`)).devices.map(
      (device: { address: string; status: string }) => `${device.address} ${device.status}`,
    );
  return { id, slot: await slot(), held: async () => [await slot(), ...(await devices())] };
}

const acts: { name: string; steps: [body: object, status: string][] }[] = [
  { name: 'a soft reboot', steps: [[{ reboot: { type: 'SOFT' } }, 'ACTIVE']] },
  { name: 'a hard reboot', steps: [[{ reboot: { type: 'HARD' } }, 'ACTIVE']] },
  {
    name: 'stop and start',
    steps: [
      [{ 'os-stop': null }, 'SHUTOFF'],
      [{ 'os-start': null }, 'ACTIVE'],
    ],
  },
  {
    name: 'pause and unpause',
    steps: [
      [{ pause: null }, 'PAUSED'],
      [{ unpause: null }, 'ACTIVE'],
    ],
  },
  {
    name: 'suspend and resume',
    steps: [
      [{ suspend: null }, 'SUSPENDED'],
      [{ resume: null }, 'ACTIVE'],
    ],
  },
];

for (const { name, steps } of acts) {
  scenario(`${name}: the server keeps its VF`, async (cloud) => {
    const { id, slot, held } = await withVf(cloud);
    for (const [body, status] of steps) {
      expect(await act(cloud, id, body)).toMatchObject({ status: 202 });
      await cloud.settled(id, status);
      expect(await held()).toEqual([slot, `${slot} allocated`]);
    }
    const { hypervisors } = await cloud.ok('compute', 'GET', '/os-hypervisors/detail');
    const running = hypervisors.map((host: { running_vms: number }) => host.running_vms);
    expect(running.toSorted()).toEqual([0, 1]);
  });
}

scenario('a rebuild keeps the VF; a stopped server stays off', async (cloud) => {
  const { id, slot, held } = await withVf(cloud);
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const body = { rebuild: { imageRef: images[0].id, name: 'again' } };
  const reply = await act(cloud, id, body);
  expect([reply.status, reply.body.server.name]).toEqual([202, 'again']);
  await cloud.settled(id, 'ACTIVE');
  expect(await held()).toEqual([slot, `${slot} allocated`]);
  await act(cloud, id, { 'os-stop': null });
  await cloud.settled(id, 'SHUTOFF');
  await act(cloud, id, body);
  await cloud.settled(id, 'SHUTOFF');
  expect(await held()).toEqual([slot, `${slot} allocated`]);
});

scenario('an action that the state does not allow is refused', async (cloud) => {
  const { id } = await withVf(cloud);
  const reply = await act(cloud, id, { 'os-start': null });
  expect([reply.status, reply.body.conflictingRequest.message]).toEqual([
    409,
    `Cannot 'start' instance ${id} while it is in vm_state active`,
  ]);
  const unknown = { rebuild: { imageRef: '00000000-0000-4000-8000-000000000000' } };
  expect((await act(cloud, id, unknown)).status).toBe(400);
  const actions = await cloud.ok('compute', 'GET', `/servers/${id}/os-instance-actions`);
  expect(actions.instanceActions).toHaveLength(1);
});
