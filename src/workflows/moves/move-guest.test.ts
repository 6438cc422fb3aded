/** What of a move the scenarios cannot see: what is recorded before what is deleted. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { beginMoveAt } from '#test/moves/begun-move.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, taskOf } from '#test/worlds/store-rows.ts';
import { moveWorkflow } from './move-workflow.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** An unshelve whose guest has started on its new host. */
async function started(): Promise<Task<'move'>> {
  const { store, time } = world;
  const server = await world.server({
    vmState: 'shelved_offloaded',
    shelvedImageId: 'shelved',
    nics: [],
  });
  const serverId = server.id;
  const hostId = await aHost(store, []);
  await beginMoveAt(world, {
    server,
    type: 'unshelve',
    action: 'unshelve',
    source: null,
    target: { id: hostId, name: 'host-1' },
    vmState: 'shelved_offloaded',
    step: 'target-started',
  });
  await store.commands.issue({ hostId, serverId, body: { do: 'spawn', guest: {} as never } });
  const [{ seq } = { seq: 0 }] = await store.commands.pending(hostId);
  await store.commands.complete(hostId, seq, { ok: true, steps: [] }, { now: time.now });
  return taskOf('move', await store.tasks.of(serverId));
}

test('the image of a shelved server is deleted once it is recorded that the server runs', async () => {
  const dropped: string[] = [];
  world.context.images.deleteImage = async (id) => void dropped.push(id);
  const { store, context } = world;
  const run = async (task: Task<'move'>) => {
    const outcome = await moveWorkflow.steps[task.step].run(context, task, { read: undefined });
    const before = [...dropped];
    expect(await store.commit({ task, ...outcome })).toEqual({ ok: true });
    return before;
  };
  const task = await started();
  expect(await run(task)).toEqual([]);
  const landed = { vmState: 'active', shelvedImageId: null, taskState: 'unshelving' };
  expect(await store.servers.get(task.serverId)).toMatchObject(landed);
  expect(await run(taskOf('move', await store.tasks.of(task.serverId)))).toEqual(['shelved']);
  expect(await store.servers.get(task.serverId)).toMatchObject({ taskState: null });
  expect(await store.moves.get('move-1')).toMatchObject({ status: 'completed' });
});

test('a deletion in between deletes the image', async () => {
  const { store, context } = world;
  const task = await started();
  const outcome = await moveWorkflow.steps[task.step].run(context, task, { read: undefined });
  await store.commit({ task, ...outcome });
  await world.ask(`DELETE /v2.1/servers/${task.serverId}`);
  expect(await store.tasks.of(task.serverId)).toMatchObject({
    kind: 'delete',
    data: { images: [{ id: 'shelved' }] },
  });
});

test.each([
  { type: 'unshelve', arrivesOff: false, does: 'spawn' },
  { type: 'unshelve', arrivesOff: true, does: 'respawn' },
  { type: 'evacuation', arrivesOff: false, does: 'spawn' },
] as const)('the disk of $type is new, also where one is left: $does', async (given) => {
  const { store, context } = world;
  const { type, arrivesOff, does } = given;
  const server = await world.server({ vmState: 'shelved_offloaded', nics: [] });
  const target = { id: await aHost(store, []), name: 'host-1' };
  const vmState = 'shelved_offloaded';
  const begun = { server, type, action: type, source: null, target, vmState } as const;
  await beginMoveAt(world, { ...begun, step: 'switch-ports' });
  const task = taskOf('move', await store.tasks.of(server.id));
  const move = await store.moves.get('move-1');
  if (move === undefined) throw new Error('the move has no record');
  const change = { id: move.id, context: { ...move.context, arrivesOff } };
  await store.commit({ task, next: { ...task, dueAt: world.time.now }, move: change });
  const again = taskOf('move', await store.tasks.of(server.id));
  const outcome = await moveWorkflow.steps['switch-ports'].run(context, again, { read: undefined });
  expect(outcome.command?.body).toMatchObject({ do: does, fresh: true });
});
