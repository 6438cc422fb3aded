/** What the steps back record, for a controller that takes over between any two of them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { beginMoveAt } from '#test/moves/begun-move.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, taskOf } from '#test/worlds/store-rows.ts';
import { moveWorkflow } from './move-workflow.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** A cold migration from host-1, which has stopped the guest, to host-2, which has failed. */
async function failedOnTarget(): Promise<string> {
  const { store } = world;
  const sourceId = await aHost(store, []);
  const targetId = await aHost(store, [], 'host-2');
  const server = await world.activeServer({ nics: [], taskState: 'resize_finish' });
  await beginMoveAt(world, {
    server,
    type: 'migration',
    action: 'migrate',
    source: { id: sourceId, name: 'host-1' },
    target: { id: targetId, name: 'host-2' },
    vmState: 'active',
    step: 'restore-ports',
    data: {
      sourceMayBeOut: true,
      failure: { kind: 'unavailable', message: 'no room', detail: '', retry: true },
    },
  });
  return server.id;
}

/** Runs and records one step, as a controller that knows only what is recorded. */
async function runStep(serverId: string): Promise<Task<'move'>> {
  const { store, context } = world;
  const task = taskOf('move', await store.tasks.of(serverId));
  const outcome = await moveWorkflow.steps[task.step].run(context, task, { read: null });
  expect(await store.commit({ task, ...outcome })).toMatchObject({ ok: true });
  return taskOf('move', await store.tasks.of(serverId));
}

test('a guest that is off stays off for the next host, and is started once none is left', async () => {
  const { store, context } = world;
  const id = await failedOnTarget();
  expect(await runStep(id)).toMatchObject({ step: 'release-target', data: { triesNext: true } });
  // The next controller may have another limit: what was decided is recorded.
  context.settings.bootAttempts = 1;
  expect(await runStep(id)).toMatchObject({
    step: 'reserve',
    data: { sourceMayBeOut: true, failedHosts: [{ host: 'host-2', reason: 'no room' }] },
  });
  expect(await store.servers.get(id)).toMatchObject({ taskState: 'resize_prep' });
  expect(await runStep(id)).toMatchObject({
    step: 'restore-source',
    data: { failure: { message: expect.stringContaining('No valid host was found') } },
  });
  expect(await store.moves.get('move-1')).toMatchObject({ status: 'accepted', target: null });
  expect(await runStep(id)).toMatchObject({ step: 'source-restored' });
  const { hostId } = (await store.servers.get(id))!;
  expect(await store.commands.pending(hostId!)).toMatchObject([
    { serverId: id, body: { do: 'spawn', keepsFiles: true } },
  ]);
});

test('without another attempt the guest is started before the claim is released', async () => {
  world.context.settings.bootAttempts = 1;
  const id = await failedOnTarget();
  expect(await runStep(id)).toMatchObject({ step: 'restore-source' });
});

test.each([
  { name: 'that is off', vmState: 'stopped', target: 'host-2' },
  { name: 'that was resized on its host', vmState: 'active', target: 'host-1' },
] as const)('a guest $name returns with the files that it has', async ({ vmState, target }) => {
  const { store } = world;
  const sourceId = await aHost(store, []);
  const targetId = target === 'host-1' ? sourceId : await aHost(store, [], target);
  const server = await world.activeServer({ nics: [], taskState: 'resize_finish' });
  await beginMoveAt(world, {
    ...{ server, type: 'resize', action: 'resize', vmState, step: 'restore-source' },
    source: { id: sourceId, name: 'host-1' },
    target: { id: targetId, name: target },
    data: { sourceMayBeOut: true },
  });
  expect(await runStep(server.id)).toMatchObject({ step: 'source-restored' });
  expect(await store.commands.pending(sourceId)).toMatchObject([
    { body: { do: 'respawn', keepsFiles: true } },
  ]);
});

/**
 * The source has offered the running guest, and the pre-flight on the target has failed; or it has
 * offered the guest that it took off, and is not reached by the target.
 */
async function failedBeforeLeaving({ offers }: { offers: 'offer' | 'move-out' | 'nothing' }) {
  const { store } = world;
  const sourceId = await aHost(store, []);
  const targetId = await aHost(store, [], 'host-2');
  const server = await world.activeServer({ nics: [], taskState: 'migrating' });
  await beginMoveAt(world, {
    ...{ server, type: 'live-migration', action: 'live-migration', vmState: 'active' },
    source: { id: sourceId, name: 'host-1' },
    target: { id: targetId, name: 'host-2' },
    step: 'release-target',
    data: {
      failure: { kind: 'unavailable', message: 'no room', detail: '', retry: true },
      triesNext: true,
      ...(offers === 'move-out' && { sourceMayBeOut: true }),
    },
  });
  if (offers !== 'nothing') {
    const body = { do: offers, guest: aGuest({ id: server.id }), to: 'host-2' } as const;
    await store.commands.issue({ hostId: sourceId, serverId: server.id, body });
    const [{ seq } = { seq: 0 }] = await store.commands.pending(sourceId);
    const result = { ok: true as const, output: 'an offer', steps: [] };
    await store.commands.complete(sourceId, seq, result, { now: world.time.now });
  }
  return { id: server.id, sourceId };
}

test.each(['offer', 'move-out'] as const)(
  'the old host ends what it offers by %s, and nothing waits for that',
  async (offers) => {
    const { id, sourceId } = await failedBeforeLeaving({ offers });
    // The next host is tried meanwhile.
    expect(await runStep(id)).toMatchObject({ step: 'reserve' });
    expect(await world.store.commands.pending(sourceId)).toMatchObject([
      { serverId: id, body: { do: 'end-transfer', guestId: id } },
    ]);
  },
);

test('a host that has offered nothing has nothing to end', async () => {
  const { id, sourceId } = await failedBeforeLeaving({ offers: 'nothing' });
  expect(await runStep(id)).toMatchObject({ step: 'reserve' });
  expect(await world.store.commands.pending(sourceId)).toEqual([]);
});
