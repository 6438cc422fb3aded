/** The operator's list of moves: what is under way, and how far it is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginMoveAt } from '#test/moves/begun-move.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const plain = { version: '' };

/** A cold migration from host-1 to host-2, whose new host is to fetch files. */
async function aMove(type: 'migration' | 'unshelve' = 'migration') {
  const { store, time } = world;
  const [sourceId, targetId] = [await aHost(store, []), await aHost(store, [], 'host-2')];
  const server = await world.activeServer({ nics: [] });
  for (const id of [sourceId, targetId]) await store.hosts.seen(id, time.now);
  await beginMoveAt(world, {
    ...{ server, type, action: 'migrate', vmState: 'active', step: 'prefetched' },
    source: { id: sourceId, name: 'host-1' },
    target: { id: targetId, name: 'host-2' },
  });
  return { server, targetId };
}

test('a move has its step, and is null where nothing is copied', async () => {
  const { server } = await aMove();
  const { body } = await world.ask('GET /novella/v1/moves', plain);
  expect(body.moves).toEqual([
    {
      ...{ id: 'move-1', number: 1, server_id: server.id, server_name: server.name },
      ...{ type: 'migration', status: 'migrating', source: 'host-1', target: 'host-2' },
      ...{ step: 'prefetched', progress: null },
      started_at: '2026-11-23T07:30:00Z',
      updated_at: expect.any(String),
    },
  ]);
});

test('the new host answers how much it has fetched', async () => {
  const { server, targetId } = await aMove();
  const { store, time } = world;
  const task = (await store.tasks.of(server.id))!;
  const body = { do: 'prefetch', guest: { id: server.id }, from: 'host-1', files: '' };
  const command = { hostId: targetId, serverId: server.id, body: body as never };
  await store.commit({ task: task as never, next: { ...task, dueAt: null } as never, command });
  const reading = world.ask('GET /novella/v1/moves', plain);
  const asked = await vi.waitFor(async () => {
    const all = await store.commands.pending(targetId);
    const question = all.find(({ body: { do: what } }) => what === 'move-progress');
    expect(question).toBeDefined();
    return question!;
  });
  const progress = {
    memory: { total: 0, processed: 0, remaining: 0 },
    disk: { total: 8, processed: 3, remaining: 5 },
  };
  const result = { ok: true as const, steps: [], progress };
  await store.commands.complete(targetId, asked.seq, result, { now: time.now });
  expect((await reading).body.moves).toMatchObject([{ step: 'prefetched', progress }]);
});

test('moves that have ended, and unshelves, are those of a named server', async () => {
  const { server } = await aMove();
  const { store } = world;
  const task = (await store.tasks.of(server.id))!;
  const ended = { id: 'move-1', status: 'completed' as const };
  await store.commit({ task: task as never, next: null, move: ended });
  expect((await world.ask('GET /novella/v1/moves', plain)).body.moves).toEqual([]);
  const { body } = await world.ask(`GET /novella/v1/moves?server=${server.id}`, plain);
  expect(body.moves).toMatchObject([{ status: 'completed', step: null }]);
});

test('the return of a shelved server is none of Nova’s migrations', async () => {
  const { server } = await aMove('unshelve');
  const { body } = await world.ask('GET /novella/v1/moves', plain);
  expect(body.moves).toMatchObject([{ server_id: server.id, type: 'unshelve' }]);
  for (const query of ['', '?migration_type=unshelve', `?instance_uuid=${server.id}`]) {
    const listed = await world.ask(`GET /v2.1/os-migrations${query}`, { version: '2.80' });
    expect(listed.body.migrations).toEqual([]);
  }
});

test('only administrators see moves', async () => {
  const { status } = await world.ask('GET /novella/v1/moves', { ...plain, as: 'member' });
  expect(status).toBe(403);
});
