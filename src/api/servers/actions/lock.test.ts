import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from '#core/servers/server.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  imageId,
  type RequestOptions,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const act = ({ id }: Server, body: object, options: RequestOptions = {}) =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as: 'member', body, ...options });

async function shown({ id }: Server, version = '2.96') {
  const { body } = await world.ask(`GET /v2.1/servers/${id}`, { as: 'member', version });
  const { locked, locked_reason: reason } = body.server;
  return { locked, reason };
}

test('lock and unlock, with a reason from 2.73 on', async () => {
  const server = await world.activeServer();
  const body = { lock: { locked_reason: 'in use' } };
  expect(await act(server, body, { version: '2.73' })).toMatchObject({ status: 202 });
  expect(await shown(server)).toEqual({ locked: true, reason: 'in use' });
  expect(await shown(server, '2.72')).toEqual({ locked: true, reason: undefined });
  expect(await shown(server, '2.8')).toEqual({ locked: undefined, reason: undefined });
  expect(await act(server, { unlock: null })).toMatchObject({ status: 202 });
  expect(await shown(server)).toEqual({ locked: false, reason: null });
  const { body: list } = await world.ask(`GET /v2.1/servers/${server.id}/os-instance-actions`);
  expect(list.instanceActions.map(({ action }: { action: string }) => action).toSorted()).toEqual([
    'create',
    'lock',
    'unlock',
  ]);
});

test.each([
  { name: 'a reason before 2.73 is ignored', version: '2.72', lock: { locked_reason: 'x' } },
  { name: 'nothing', version: '2.79', lock: null },
  { name: 'no reason', version: '2.79', lock: {} },
])('locks without a reason: $name', async ({ version, lock }) => {
  const server = await world.activeServer();
  expect(await act(server, { lock }, { version })).toMatchObject({ status: 202 });
  expect(await shown(server)).toEqual({ locked: true, reason: null });
});

test.each([
  { lock: { locked_reason: '' } },
  { lock: { locked_reason: 'x'.repeat(256) } },
  { lock: { reason: 'x' } },
  { lock: 'yes' },
  { lock: null, unlock: null },
])('refuses %o', async (body) => {
  const server = await world.activeServer();
  expect(await act(server, body)).toMatchObject({ status: 400 });
});

const changes: { name: string; method: string; path: string; body?: object }[] = [
  { name: 'delete', method: 'DELETE', path: '' },
  ...[
    { 'os-stop': null },
    { reboot: { type: 'HARD' } },
    { pause: null },
    { suspend: null },
    { rebuild: { imageRef: imageId } },
    { forceDelete: null },
    { restore: null },
  ].map((body) => ({
    name: Object.keys(body).join(),
    method: 'POST',
    path: '/action',
    body,
  })),
  { name: 'add metadata', method: 'POST', path: '/metadata', body: { metadata: { a: 'b' } } },
  { name: 'set metadata', method: 'PUT', path: '/metadata', body: { metadata: { a: 'b' } } },
  { name: 'set an item', method: 'PUT', path: '/metadata/a', body: { meta: { a: 'b' } } },
  { name: 'delete an item', method: 'DELETE', path: '/metadata/role' },
  { name: 'attach', method: 'POST', path: '/os-interface', body: { interfaceAttachment: {} } },
  { name: 'detach', method: 'DELETE', path: '/os-interface/5f' },
];

test.each(changes)('a member cannot change a locked server: $name', async (change) => {
  const { method, path, body } = change;
  const server = await world.activeServer({ locked: true, lockedBy: 'owner' });
  const reply = await world.ask(`${method} /v2.1/servers/${server.id}${path}`, {
    as: 'member',
    ...(body !== undefined && { body }),
  });
  expect([reply.status, faultOf(reply).message]).toEqual([409, `Instance ${server.id} is locked`]);
});

test('an administrator can', async () => {
  const server = await world.activeServer({ locked: true, lockedBy: 'owner' });
  const reply = await world.ask(`POST /v2.1/servers/${server.id}/metadata`, {
    body: { metadata: { a: 'b' } },
  });
  expect(reply).toMatchObject({ status: 200 });
});

test('the lock of an administrator of another project is theirs to take off', async () => {
  const foreign = 'c6f1d3bbdf56484bad7cc4fd88015159';
  const server = await world.activeServer({ projectId: foreign });
  const lock = { lock: { locked_reason: 'audit' } };
  expect(await act(server, lock, { as: 'admin' })).toMatchObject({ status: 202 });
  const { caller } = ownerIn(foreign);
  const { workflows } = world;
  await expect(
    workflows.unlockServer(caller, server, { requestId: 'r', mayOverride: false }),
  ).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringMatching(/unlock:unlock_override/) as string,
  });
  await workflows.lockServer(caller, server, { reason: 'mine', requestId: 'r' });
  expect(await world.store.servers.get(server.id)).toMatchObject({
    lockedBy: 'admin',
    lockedReason: 'audit',
  });
  expect(await act(server, { lock: null }, { as: 'admin' })).toMatchObject({ status: 202 });
  expect(await world.store.servers.get(server.id)).toMatchObject({ lockedReason: 'audit' });
  expect(await act(server, { unlock: null }, { as: 'admin' })).toMatchObject({ status: 202 });
  expect(await world.store.servers.get(server.id)).toMatchObject({
    locked: false,
    lockedBy: null,
    lockedReason: null,
  });
});

function ownerIn(projectId: string) {
  return { caller: { ...world.callerOf('member'), projectId } };
}

test('the list by `locked` and by `locked_by`', async () => {
  const { id } = await world.activeServer();
  const other = await world.activeServer({ nics: [], locked: true, lockedBy: 'admin' });
  const found = async (query: string, as = 'member') => {
    const { body } = await world.ask(`GET /v2.1/servers?${query}`, { as });
    return body.servers.map((server: { id: string }) => server.id);
  };
  expect(await found('locked=True')).toEqual([other.id]);
  expect(await found('locked=false')).toEqual([id]);
  expect(await found('locked_by=admin', 'admin')).toEqual([other.id]);
  expect(await found('locked_by=owner', 'admin')).toEqual([]);
});
