/** The history of a server, by microversion and by caller. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, projectId } from '#test/worlds/compute-world.ts';
import { aBoot, aHost } from '#test/worlds/store-rows.ts';
import { opaqueHostId } from './views.ts';

let world: ComputeWorld;
let id: string;
beforeEach(async () => {
  world = await aComputeWorld();
  await aHost(world.store, []);
  const task = await aBoot(world.store, { projectId });
  id = task.serverId;
  const event = {
    name: 'spawn',
    startedAt: 2_000,
    finishedAt: 3_500,
    result: 'Error' as const,
    details: 'qemu: no',
    host: 'host-1',
  };
  await world.store.commit({ task, next: null, events: [event], actionMessage: 'Error' });
});
afterEach(() => world.stop());

const history = (path: string, as: string, version: string) =>
  world.ask(`GET /v2.1/servers/${id}/os-instance-actions${path}`, { as, version });

test('actions are listed; their change time is shown from 2.58 on', async () => {
  const { body } = await history('', 'member', '2.57');
  expect(body.instanceActions).toEqual([
    {
      action: 'create',
      instance_uuid: id,
      request_id: 'req-1',
      user_id: 'user-1',
      project_id: projectId,
      start_time: '1970-01-01T00:00:01.000000',
      message: 'Error',
    },
  ]);
  const later = await history('', 'member', '2.58');
  expect(later.body.instanceActions[0]).toHaveProperty('updated_at');
});

const seen = ['event', 'finish_time', 'result', 'start_time'];
test.each([
  { as: 'member', version: '2.50', keys: undefined },
  { as: 'admin', version: '2.50', keys: [...seen, 'traceback'] },
  { as: 'member', version: '2.51', keys: seen },
  { as: 'member', version: '2.62', keys: [...seen, 'hostId'] },
  { as: 'admin', version: '2.83', keys: [...seen, 'hostId', 'host', 'traceback'] },
  { as: 'admin', version: '2.84', keys: [...seen, 'hostId', 'host', 'traceback', 'details'] },
  { as: 'member', version: '2.84', keys: [...seen, 'hostId'] },
])('events of an action for $as in $version', async ({ as, version, keys }) => {
  const { body } = await history('/req-1', as, version);
  const [event] = body.instanceAction.events ?? [];
  expect(event && new Set(Object.keys(event))).toEqual(keys && new Set(keys));
});

test('an event has its times, its result and its host', async () => {
  const { body } = await history('/req-1', 'admin', '2.79');
  expect(body.instanceAction.events).toEqual([
    {
      event: 'spawn',
      start_time: '1970-01-01T00:00:02.000000',
      finish_time: '1970-01-01T00:00:03.500000',
      result: 'Error',
      traceback: 'qemu: no',
      host: 'host-1',
      hostId: opaqueHostId({ projectId, hostName: 'host-1' }),
    },
  ]);
});

test('members read the part of a move’s plan that is theirs, and administrators all of it', async () => {
  const task = await aBoot(world.store, { projectId });
  id = task.serverId;
  const own = 'Port 6d… stays.';
  const details = `${own}\nOn the new host host-2: web (id-1).`;
  const times = { startedAt: 2_000, finishedAt: 3_500, host: 'host-2' };
  const planned = { ...times, name: 'plan_move', result: 'Success' as const, details };
  const other = { ...planned, name: 'spawn' };
  await world.store.commit({ task, next: null, events: [planned, other] });
  const { body } = await world.ask(`GET /v2.1/servers/${id}/os-instance-actions/req-1`, {
    as: 'member',
    version: '2.84',
  });
  const shown = body.instanceAction.events.map((event: { details?: string }) => event.details);
  expect(shown.toSorted()).toEqual([own, undefined]);
  const all = await history('/req-1', 'admin', '2.84');
  for (const event of all.body.instanceAction.events) {
    expect(event).toMatchObject({ details, traceback: null });
  }
});

test('pages have every action once, newest first, also those of one moment', async () => {
  for (const [requestId, startedAt] of [
    ['req-2', 5_000],
    ['req-3', 5_000],
    ['req-4', 9_000],
  ] as const) {
    const actionId = crypto.randomUUID();
    const task = {
      serverId: id,
      kind: 'act',
      step: 'command-host',
      data: { act: 'reboot' },
      dueAt: null,
    } as const;
    const action = { action: 'reboot', userId: 'user-1', projectId, serverId: id };
    await world.store.tasks.begin(
      { ...task, id: crypto.randomUUID(), actionId },
      { ...action, id: actionId, requestId, startedAt },
      {},
    );
  }
  const seenIds: string[] = [];
  for (let page = 0; page < 4; page += 1) {
    const marker = seenIds.length === 0 ? '' : `&marker=${seenIds.at(-1)}`;
    const { body } = await history(`?limit=1${marker}`, 'member', '2.58');
    seenIds.push(...body.instanceActions.map((each: { request_id: string }) => each.request_id));
  }
  expect(seenIds).toEqual(['req-4', 'req-3', 'req-2', 'req-1']);
  const after = await history('?limit=1&marker=req-1', 'member', '2.58');
  expect(after.body).toEqual({ instanceActions: [] });
  expect((await history('?marker=req-9', 'member', '2.58')).status).toBe(400);
});

test('an unknown request has no action', async () => {
  expect((await history('/req-9', 'admin', '2.79')).status).toBe(404);
});

test('the history of a deleted server stays readable from 2.21 on', async () => {
  await world.store.servers.update(id, { vmState: 'deleted', deletedAt: 5_000 });
  expect((await history('', 'member', '2.20')).status).toBe(404);
  expect((await history('', 'member', '2.21')).status).toBe(200);
});

test('actions are filtered by date from 2.58 on', async () => {
  const all = await history('?changes-since=2030-01-01', 'member', '2.57');
  expect(all.body.instanceActions).toHaveLength(1);
  const none = await history('?changes-since=2030-01-01', 'member', '2.58');
  expect(none.body.instanceActions).toEqual([]);
});
