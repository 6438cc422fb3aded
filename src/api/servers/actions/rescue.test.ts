import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf, imageId } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const act = (id: string, body: object, as = 'member') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as, body });

/** An active server whose boot has ended. */
async function idleServer(change: object = {}) {
  const server = await world.activeServer(change);
  const task = await world.store.tasks.of(server.id);
  if (task === undefined || 'problem' in task) throw new Error('no task');
  await world.store.commit({ task, next: null, outcome: { is: 'ok' } });
  return server;
}

test.each([
  { name: 'its own image', rescue: null, adminPass: /^.{12}$/ },
  { name: 'another image', rescue: { rescue_image_ref: imageId }, adminPass: /^.{12}$/ },
  { name: 'a password', rescue: { adminPass: 'verybadpass' }, adminPass: /^verybadpass$/ },
])('a rescue begins, with $name', async ({ rescue, adminPass }) => {
  const { id } = await idleServer();
  const reply = await act(id, { rescue });
  expect(reply).toMatchObject({ status: 200 });
  expect(reply.body).toEqual({ adminPass: expect.stringMatching(adminPass) as string });
  expect(await world.store.tasks.of(id)).toMatchObject({
    kind: 'act',
    data: { act: 'rescue', rescueImage: { id: imageId } },
  });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server['OS-EXT-STS:task_state']).toBe('rescuing');
});

test.each<{ name: string; change?: object; body: object; status: number; message: RegExp }>([
  {
    name: 'in a wrong state',
    change: { vmState: 'paused' },
    body: { rescue: null },
    status: 409,
    message: /^Cannot 'rescue' instance \S+ while it is in vm_state paused$/,
  },
  {
    name: 'an unrescue of a server that is not in rescue',
    body: { unrescue: null },
    status: 409,
    message: /^Cannot 'unrescue' instance \S+ while it is in vm_state active$/,
  },
  {
    name: 'an unknown image',
    body: { rescue: { rescue_image_ref: '11111111-2222-4333-8444-555555555555' } },
    status: 400,
    message: /^Requested rescue image '11111111-\S+' is not supported/,
  },
  {
    name: 'a value that is no image',
    body: { rescue: { rescue_image_ref: 'x' } },
    status: 400,
    message: /rescue_image_ref/,
  },
  { name: 'an unknown key', body: { rescue: { colour: 'red' } }, status: 400, message: /colour/ },
  {
    name: 'a locked server',
    change: { locked: true, lockedBy: 'owner' },
    body: { rescue: null },
    status: 409,
    message: /is locked$/,
  },
])('refuses $name', async ({ change, body, status, message }) => {
  const { id } = await idleServer(change);
  const reply = await act(id, body);
  expect(reply.status).toBe(status);
  expect(faultOf(reply).message).toMatch(message);
});

test('a server in rescue is shown as such, and found by its status', async () => {
  const { id } = await idleServer({ vmState: 'rescued' });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server.status).toBe('RESCUE');
  const list = await world.ask('GET /v2.1/servers?status=RESCUE', { as: 'member' });
  expect(list.body.servers).toMatchObject([{ id }]);
  expect(await act(id, { unrescue: null })).toMatchObject({ status: 202 });
});
