import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const act = (id: string, body: object, as = 'admin') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as, body });

test.each([
  ['error', 'ERROR'],
  ['active', 'ACTIVE'],
])('os-resetState %s', async (state, status) => {
  const { id } = await world.activeServer({ vmState: 'paused', taskState: 'unpausing' });
  expect(await act(id, { 'os-resetState': { state } })).toMatchObject({ status: 202, body: '' });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server).toMatchObject({ status, 'OS-EXT-STS:task_state': null });
  const { body: list } = await world.ask(`GET /v2.1/servers/${id}/os-instance-actions`);
  expect(list.instanceActions.map(({ action }: { action: string }) => action)).toContain(
    'resetState',
  );
});

test.each<{ name: string; body: object; as?: string; status: number; message: RegExp }>([
  {
    name: 'a state that cannot be set',
    body: { 'os-resetState': { state: 'stopped' } },
    status: 400,
    message: /os-resetState\.state/,
  },
  { name: 'no state', body: { 'os-resetState': {} }, status: 400, message: /state/ },
  {
    name: 'a member',
    body: { 'os-resetState': { state: 'active' } },
    as: 'member',
    status: 403,
    message: /admin/,
  },
  {
    name: 'a restore: nothing is soft-deleted',
    body: { restore: null },
    as: 'member',
    status: 409,
    message: /^Cannot 'restore' instance \S+ while it is in vm_state active$/,
  },
  {
    name: 'resetNetwork, which Nova has removed',
    body: { resetNetwork: null },
    status: 410,
    message: /removed in the 23\.0\.0/,
  },
  {
    name: 'injectNetworkInfo of a member',
    body: { injectNetworkInfo: null },
    as: 'member',
    status: 403,
    message: /admin/,
  },
])('refuses $name', async ({ body, as, status, message }) => {
  const { id } = await world.activeServer();
  const reply = await act(id, body, as);
  expect(reply.status).toBe(status);
  expect(faultOf(reply).message).toMatch(message);
});

test('injectNetworkInfo is accepted for a server on a host', async () => {
  const { id } = await world.activeServer();
  expect(await act(id, { injectNetworkInfo: {} })).toMatchObject({ status: 202 });
  const server = await world.server();
  expect(await act(server.id, { injectNetworkInfo: null })).toMatchObject({ status: 409 });
});

test('forceDelete begins the deletion in any state', async () => {
  const { id } = await world.activeServer({ vmState: 'error' });
  expect(await act(id, { forceDelete: null }, 'member')).toMatchObject({ status: 202 });
  expect(await world.store.tasks.of(id)).toMatchObject({ kind: 'delete' });
  expect(await act(id, { forceDelete: null }, 'stranger')).toMatchObject({ status: 404 });
});
