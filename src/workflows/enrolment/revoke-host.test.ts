/** A host that is revoked while a guest is sent to it, or from it, or after that has failed. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginMoveAt } from '#test/moves/begun-move.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, taskOf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

async function aMove() {
  const { store, workflows } = world;
  const ids = [await aHost(store, []), await aHost(store, [], 'host-2')];
  const server = await world.activeServer({ nics: [] });
  const [source, target] = ids.map((id, at) => ({ id, name: `host-${at + 1}` }));
  for (const { id, name } of [source!, target!]) {
    await workflows.enrollHost(name, { replaces: false, validMs: 3_600_000 });
    await store.hosts.seen(id, world.time.now);
  }
  await beginMoveAt(world, {
    ...{ server, type: 'live-migration', action: 'live-migration', vmState: 'active' },
    ...{ source: source!, target: target!, step: 'source-left' },
  });
  return { server, source: source!, target: target! };
}

test.each(['source', 'target'] as const)(
  'when the %s of a move is revoked, its other host ends their connections',
  async (side) => {
    const { store, workflows } = world;
    const { server, ...hosts } = await aMove();
    const revoked = hosts[side];
    const other = hosts[side === 'source' ? 'target' : 'source'];
    const revoking = workflows.revokeHost(revoked.name);
    const asked = await vi.waitFor(async () => {
      const [command] = await store.commands.pending(other.id);
      expect(command?.body).toEqual({
        ...{ do: 'end-transfer', guestId: server.id, peer: revoked.name },
      });
      return command!;
    });
    const result = { ok: true as const, steps: [] };
    await store.commands.complete(other.id, asked.seq, result, { now: world.time.now });
    await revoking;
    expect(await store.commands.pending(other.id)).toEqual([]);
    expect(await store.commands.pending(revoked.id)).toEqual([]);
  },
);

test('the same when its certificates are replaced', async () => {
  const { store, workflows } = world;
  const { source, target } = await aMove();
  const replacing = workflows.enrollHost(source.name, { replaces: true, validMs: 3_600_000 });
  const asked = await vi.waitFor(async () => {
    const [command] = await store.commands.pending(target.id);
    expect(command?.body).toMatchObject({ do: 'end-transfer', peer: source.name });
    return command!;
  });
  const result = { ok: true as const, steps: [] };
  await store.commands.complete(target.id, asked.seq, result, { now: world.time.now });
  await replacing;
});

test('a host that a move to the revoked one has failed on ends its connections too', async () => {
  const { store, workflows } = world;
  const { server, source, target } = await aMove();
  const task = taskOf('move', await store.tasks.of(server.id));
  await store.commit({ task, next: null, move: { id: 'move-1', status: 'error' } });
  const revoking = workflows.revokeHost(target.name);
  const [asked] = await vi.waitFor(async () => {
    const pending = await store.commands.pending(source.id);
    expect(pending).toMatchObject([{ body: { do: 'end-transfer', peer: target.name } }]);
    return pending;
  });
  const result = { ok: true as const, steps: [] };
  await store.commands.complete(source.id, asked!.seq, result, { now: world.time.now });
  await revoking;
});

test('a host that does not answer that does not prevent the revocation', async () => {
  const { store, workflows } = world;
  const { source, target } = await aMove();
  await store.hosts.seen(target.id, 0);
  await workflows.revokeHost(source.name);
  expect(await store.enrolments.named(source.name)).toMatchObject({ revokedAt: world.time.now });
});
