/** Live migrations whose host answers late. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandResult } from '#contracts/host/host-link.ts';
import type { Move } from '#contracts/store/store.ts';
import { errorText } from '#core/errors.ts';
import { beginMoveAt } from '#test/moves/begun-move.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';
import { forceMove, readMoveProgress } from './steer-move.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** A server that is being sent from its host. */
async function sent() {
  const { store } = world;
  const hostId = await aHost(store, []);
  const server = await world.server({ hostId, hostName: 'host-1', nics: [] });
  const source = { id: hostId, name: 'host-1' };
  await beginMoveAt(world, {
    ...{ server, type: 'live-migration', action: 'os-migrateLive', vmState: 'active' },
    ...{ source, target: { id: 'another', name: 'host-2' }, step: 'source-left' },
  });
  const out = { do: 'move-out', guest: {} as never, to: 'host-2', arrival: '' } as const;
  await store.commands.issue({ hostId, serverId: server.id, body: out });
  return { hostId, server, move: (await store.moves.get('move-1')) as Move };
}

/** The host's next question of this kind, which was waited for in vain for three seconds. */
async function asked(hostId: string, kind: string): Promise<number> {
  const { store, time } = world;
  const question = async () =>
    (await store.commands.pending(hostId)).find(({ body }) => body.do === kind)?.seq;
  await expect.poll(question).toBeDefined();
  const seq = (await question()) ?? 0;
  time.now += 3_000;
  const read = vi.spyOn(store.commands, 'answer');
  await expect.poll(() => read.mock.calls.length).toBeGreaterThan(0);
  read.mockRestore();
  return seq;
}

async function answerLate(hostId: string, kind: string, more: object): Promise<void> {
  const seq = await asked(hostId, kind);
  const result: CommandResult = { ok: true, steps: [], ...more };
  await world.store.commands.complete(hostId, seq, result, { now: world.time.now });
}

const bytes = { total: 3, processed: 1, remaining: 2 };
const progress = { memory: bytes, disk: bytes };

test('a busy host completes a migration by force; a list does not wait for it', async () => {
  const { hostId, server, move } = await sent();
  const forced = forceMove(world.context, server, move);
  await answerLate(hostId, 'move-progress', { progress });
  await answerLate(hostId, 'force-move', {});
  await forced;
  const listed = readMoveProgress(world.context, server).catch(errorText);
  await asked(hostId, 'move-progress');
  expect(await listed).toContain('within 1 s');
});
