import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  imageId,
  otherProjectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const act = (id: string, body: object, version = '2.79', as = 'member') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as, body, version });

/** A server whose boot has ended. */
async function idleServer(change: object = {}) {
  const server = await world.activeServer(change);
  const task = await world.store.tasks.of(server.id);
  if (task === undefined || 'problem' in task) throw new Error('no task');
  await world.store.commit({ task, next: null, outcome: { is: 'ok' } });
  return server;
}

const snapshot = { createImage: { name: 'snap', metadata: { role: 'golden' } } };
const backup = { createBackup: { name: 'b', backup_type: 'daily', rotation: 1 } };

test('createImage makes an image with the properties of the server, and begins the copy', async () => {
  const imageProperties = { hw_disk_bus: 'sata', img_signature: 'x', os_glance_stage: 'y' };
  const { id } = await idleServer({ imageProperties });
  const reply = await act(id, snapshot);
  expect(reply).toMatchObject({ status: 202 });
  const made = reply.body.image_id;
  expect(world.madeImages.get(made)).toMatchObject({ name: 'snap', sharedWith: null });
  expect(world.madeImages.get(made)?.properties).toEqual({
    hw_disk_bus: 'sata',
    base_image_ref: imageId,
    instance_uuid: id,
    user_id: 'user-1',
    owner_id: world.callerOf('member').projectId,
    image_location: 'snapshot',
    image_state: 'available',
    image_type: 'snapshot',
    role: 'golden',
  });
  expect(await world.store.tasks.of(id)).toMatchObject({
    data: { act: 'snapshot', image: { id: made } },
  });
});

test('before 2.45 the image is in the header Location', async () => {
  const { id } = await idleServer();
  const reply = await act(id, snapshot, '2.44');
  expect([reply.status, reply.body]).toEqual([202, '']);
  const [made] = world.madeImages.keys();
  expect(reply.headers['location']).toBe(`http://127.0.0.1:8774/v2.1/images/${made}`);
});

test('a backup keeps its type and rotation', async () => {
  const { id } = await idleServer();
  const reply = await act(id, backup);
  const { image_id: made } = reply.body;
  expect(world.madeImages.get(made)?.properties).toMatchObject({
    image_type: 'backup',
    backup_type: 'daily',
  });
  expect(await world.store.tasks.of(id)).toMatchObject({
    data: { act: 'backup', image: { id: made, rotation: { backupType: 'daily', keep: 1 } } },
  });
});

test('an image that an administrator makes is shared with the project of the server', async () => {
  const { id } = await idleServer({ projectId: otherProjectId });
  const { body } = await act(id, snapshot, '2.79', 'admin');
  expect(world.madeImages.get(body.image_id)).toMatchObject({
    sharedWith: otherProjectId,
    properties: { instance_owner: otherProjectId },
  });
});

test.each<{ name: string; change?: object; body: object; status: number; message: RegExp }>([
  {
    name: 'a wrong state',
    change: { vmState: 'rescued' },
    body: snapshot,
    status: 409,
    message: /^Cannot 'createImage' instance \S+ while it is in vm_state rescued$/,
  },
  {
    name: 'a wrong state, of a backup',
    change: { vmState: 'error' },
    body: backup,
    status: 409,
    message: /^Cannot 'createBackup' instance \S+ while it is in vm_state error$/,
  },
  { name: 'no name', body: { createImage: {} }, status: 400, message: /name/ },
  {
    name: 'metadata with the name of a field',
    body: { createImage: { name: 'x', metadata: { visibility: 'public' } } },
    status: 400,
    message: /metadata\.visibility/,
  },
  {
    name: 'a negative rotation',
    body: { createBackup: { ...backup.createBackup, rotation: -1 } },
    status: 400,
    message: /rotation/,
  },
])('refuses $name, and leaves no image', async ({ change, body, status, message }) => {
  const { id } = await idleServer(change);
  const reply = await act(id, body);
  expect(reply.status).toBe(status);
  expect(faultOf(reply).message).toMatch(message);
  expect(world.madeImages.size).toBe(0);
});

test('a server that is busy gets no image', async () => {
  const { id } = await world.activeServer();
  expect(await act(id, snapshot)).toMatchObject({ status: 409 });
  expect(world.madeImages.size).toBe(0);
});

test('the limit of metadata counts before 2.39', async () => {
  const { id } = await idleServer();
  world.limits.set(world.callerOf('member').projectId, { metadata_items: 0 });
  expect(await act(id, snapshot, '2.38')).toMatchObject({ status: 403 });
  expect(await act(id, snapshot, '2.39')).toMatchObject({ status: 202 });
});

test.each([
  ['createImage', snapshot],
  ['shelve', { shelve: null }],
])('%s that the image service refuses leaves the server as it was', async (action, body) => {
  const { id } = await idleServer();
  const create = vi.spyOn(world.context.images, 'createImage');
  create.mockRejectedValueOnce(new ComputeError('tooLarge', 'a quota is reached'));
  expect(await act(id, body)).toMatchObject({
    status: 403,
    body: { forbidden: { message: 'a quota is reached' } },
  });
  expect(world.madeImages.size).toBe(0);
  expect(await world.store.servers.get(id)).toMatchObject({ vmState: 'active', taskState: null });
  expect((await world.store.servers.actions(id))[0]).toMatchObject({
    action,
    outcome: { is: 'refused', message: 'a quota is reached' },
  });
  expect(await act(id, body)).toMatchObject({ status: 202 });
  expect(world.madeImages.size).toBe(1);
});

test('an image is deleted whose server was deleted while it was made', async () => {
  const { id } = await idleServer();
  const { images } = world.context;
  const make = images.createImage.bind(images);
  vi.spyOn(images, 'createImage').mockImplementationOnce(async (...given) => {
    await make(...given);
    expect(await world.store.tasks.of(id)).toMatchObject({ step: 'drop-image' });
    expect((await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'member' })).status).toBe(204);
  });
  expect(await act(id, snapshot)).toMatchObject({ status: 409 });
  expect(world.madeImages.size).toBe(0);
});
