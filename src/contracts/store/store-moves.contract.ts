/** Suite for the moves of servers: they begin with their task, and end with what hosts hold. */
import { expect, test } from 'vitest';
import { type ConfiguredQuotas, noLimits } from '#core/quotas/limits.ts';
import { aBoot, aFlavor, aHost, aNewServer } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { MoveSelection, NewMove, Store } from './store.ts';

interface Given {
  serverId: string;
  sourceId: string;
  change?: Partial<NewMove>;
}

function aMove({ serverId, sourceId, change = {} }: Given): NewMove {
  const flavor = aFlavor();
  return {
    id: crypto.randomUUID(),
    serverId,
    projectId: 'project-1',
    userId: 'user-1',
    type: 'resize',
    source: { id: sourceId, name: 'host-1' },
    context: {
      vmState: 'active',
      arrivesOff: false,
      flavors: { before: flavor, after: { ...flavor, vcpus: 2 } },
      requests: { before: [], after: [] },
      numa: null,
      nics: {},
    },
    createdAt: 1_000,
    ...change,
  };
}

/** Begins the move of an idle server, and ends its task with this change. */
async function begin(store: Store, move: NewMove, quotas?: ConfiguredQuotas) {
  const actionId = crypto.randomUUID();
  const { serverId } = move;
  return store.tasks.begin(
    {
      id: crypto.randomUUID(),
      serverId,
      kind: 'move',
      step: 'reserve',
      data: { moveId: move.id, forcedHost: null, availabilityZone: null },
      actionId,
      dueAt: 1_000,
    },
    {
      id: actionId,
      serverId,
      action: 'resize',
      requestId: 'req-1',
      userId: 'user-1',
      projectId: 'project-1',
      startedAt: 1_000,
    },
    { taskState: 'resize_prep' },
    { onlyIdle: true, move, ...(quotas !== undefined && { quotas }) },
  );
}

async function anIdleServer(store: Store): Promise<string> {
  const task = await aBoot(store);
  await store.commit({ task, next: null, server: { vmState: 'active', taskState: null } });
  return task.serverId;
}

export function storeMovesContract(fresh: () => Promise<OpenStore>): void {
  test('a move begins with its task, and is open until it has ended', async () => {
    const open = await fresh();
    const store = await open();
    const sourceId = await aHost(store, []);
    const target = { id: await aHost(store, [], 'host-2'), name: 'host-2' };
    const serverId = await anIdleServer(store);
    const move = aMove({ serverId, sourceId });
    const task = await begin(store, move);
    const begun = { ...move, number: 1, status: 'accepted', target: null, leftOn: null };
    expect(await store.moves.openOf(serverId)).toMatchObject(begun);
    expect(await (await open()).moves.get(move.id)).toMatchObject(begun);
    await expect(begin(store, aMove({ serverId, sourceId }))).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await store.moves.select({ limit: 9 })).toHaveLength(1);
    const { id } = move;
    const change = { id, status: 'finished', target } as const;
    await store.commit({ task, next: null, move: change });
    expect(await store.moves.openOf(serverId)).toMatchObject({ ...begun, ...change });
    const again = await begin(store, aMove({ serverId, sourceId }));
    await store.commit({ task: again, next: null, move: { id, status: 'confirmed' } });
    expect((await store.moves.openOf(serverId))?.id).toBe(again.data.moveId);
    const last = { id: again.data.moveId, status: 'error' } as const;
    const ending = await begin(store, aMove({ serverId, sourceId }));
    await store.commit({ task: ending, next: null, move: last });
    await store.moves.get('unknown').then((found) => expect(found).toBeUndefined());
  });

  const larger = { ...aFlavor(), vcpus: 3, memoryMib: 1024 };
  const resize = (serverId: string, sourceId: string, flavors: NewMove['context']['flavors']) => {
    const move = aMove({ serverId, sourceId });
    return { ...move, context: { ...move.context, flavors } };
  };

  test.each([
    { limits: { cores: 13 }, begun: 2 },
    { limits: { ram: 5_120 }, begun: 2 },
  ])('of eight concurrent resizes $begun begin within $limits', async ({ limits, begun }) => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const sourceId = await aHost(stores[0]!, []);
    const servers: string[] = [];
    for (let at = 0; at < 8; at += 1) servers.push(await anIdleServer(stores[0]!));
    const flavors = { before: aFlavor(), after: larger };
    const quotas = { standard: noLimits, exceptions: limits };
    const ends = await Promise.allSettled(
      servers.map((id, at) => begin(stores[at % 2]!, resize(id, sourceId, flavors), quotas)),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(begun);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    expect(refused.map(({ kind }) => kind)).toEqual(refused.map(() => 'overQuota'));
    const states = await Promise.all(servers.map((id) => stores[0]!.servers.get(id)));
    expect(states.filter((server) => server?.taskState === 'resize_prep')).toHaveLength(begun);
    expect(await stores[1]!.moves.select({ limit: 9 })).toHaveLength(begun);
    const more = { instances: 8, cores: 8 + begun * 2, ram: (8 + begun) * 512 };
    expect(await stores[1]!.quotaUsage('project-1')).toMatchObject(more);
    await expect(
      stores[0]!.servers.createWithin({ configured: quotas, minCount: 2 }, [
        aNewServer({ flavor: larger }),
        aNewServer({ flavor: larger }),
      ]),
    ).rejects.toMatchObject({ kind: 'overQuota' });
  });

  test('the larger flavor of a resize counts until it is confirmed or reverted', async () => {
    const store = await (await fresh())();
    const sourceId = await aHost(store, []);
    const usage = async () => {
      const { cores, ram } = await store.quotas.usage({ projectId: 'project-1', userId: 'user-1' });
      return { cores, ram };
    };
    const small = { cores: 1, ram: 512 };
    const large = { cores: 3, ram: 1024 };
    const quotas = { standard: noLimits, exceptions: large };
    const serverId = await anIdleServer(store);
    const up = resize(serverId, sourceId, { before: aFlavor(), after: larger });
    const task = await begin(store, up, quotas);
    expect(await usage()).toEqual(large);
    const landed = { vmState: 'resized', flavor: larger } as const;
    await store.commit({
      task,
      next: null,
      server: landed,
      move: { id: up.id, status: 'finished' },
    });
    expect(await usage()).toEqual(large);
    const confirm = await begin(
      store,
      aMove({ serverId, sourceId, change: { type: 'migration' } }),
    );
    await store.commit({ task: confirm, next: null, move: { id: up.id, status: 'confirmed' } });
    expect(await usage()).toEqual(large);
    const down = resize(serverId, sourceId, { before: larger, after: aFlavor() });
    const lowering = await begin(store, down, { standard: noLimits, exceptions: { cores: 1 } });
    await store.commit({
      task: lowering,
      next: null,
      server: { flavor: aFlavor() },
      move: { id: down.id, status: 'finished' },
    });
    expect(await usage()).toEqual(large);
    const last = await begin(store, aMove({ serverId, sourceId, change: { type: 'migration' } }));
    await store.commit({ task: last, next: null, move: { id: down.id, status: 'confirmed' } });
    expect(await usage()).toEqual(small);
  });

  test('moves are selected by each filter, newest first, in pages', async () => {
    const store = await (await fresh())();
    const sourceId = await aHost(store, []);
    const host = { id: await aHost(store, [], 'host-2'), name: 'host-2' };
    const [first, second] = [await anIdleServer(store), await anIdleServer(store)];
    const one = aMove({ serverId: first, sourceId });
    const change = { type: 'evacuation', userId: 'user-2', projectId: 'project-2' } as const;
    const two = aMove({ serverId: second, sourceId, change: { ...change, source: host } });
    const task = await begin(store, one);
    await begin(store, two);
    await store.commit({ task, next: null, move: { id: one.id, status: 'error', target: host } });
    const ids = async (selection: Omit<MoveSelection, 'limit'>, limit = 9) =>
      (await store.moves.select({ ...selection, limit })).map(({ id }) => id);
    expect(await ids({})).toEqual([two.id, one.id]);
    expect(await ids({}, 1)).toEqual([two.id]);
    expect(await ids({ after: two.id })).toEqual([one.id]);
    await expect(ids({ after: 'unknown' })).rejects.toMatchObject({ kind: 'invalid' });
    expect(await ids({ serverId: first })).toEqual([one.id]);
    expect(await ids({ projectId: 'project-2' })).toEqual([two.id]);
    expect(await ids({ userId: 'user-1' })).toEqual([one.id]);
    expect(await ids({ types: ['evacuation', 'unshelve'] })).toEqual([two.id]);
    expect(await ids({ statuses: ['error'] })).toEqual([one.id]);
    expect(await ids({ host: 'host-2' })).toEqual([two.id, one.id]);
    expect(await ids({ sourceHost: 'host-1' })).toEqual([one.id]);
    const { updatedAt } = (await store.moves.get(one.id))!;
    expect(await ids({ changedSince: updatedAt, changedBefore: updatedAt })).toEqual([one.id]);
    expect(await ids({ changedSince: updatedAt + 1 })).toEqual([]);
  });

  test('what a move left on a host is settled with the change of that host, or not at all', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const serverId = await anIdleServer(store);
    const move = aMove({ serverId, sourceId: hostId, change: { type: 'evacuation' } });
    const task = await begin(store, move);
    expect(await store.moves.left()).toEqual([]);
    const { id } = move;
    await store.commit({ task, next: null, move: { id, status: 'done', leftOn: hostId } });
    expect(await store.moves.left()).toMatchObject([{ id, status: 'done', leftOn: hostId }]);
    expect(await store.moves.openOf(serverId)).toBeUndefined();
    const { generation } = (await store.hosts.get(hostId))!;
    const settled = { id, status: 'completed', leftOn: null } as const;
    const stale = { hostId, generation: generation - 1, vcpusUsed: 7 };
    expect(await store.moves.settle(settled, stale)).toBe('stale-host');
    expect(await store.moves.left()).toHaveLength(1);
    expect(await store.moves.settle(settled, { ...stale, generation })).toBe('ok');
    expect(await store.moves.left()).toEqual([]);
    // Another process has settled it: nothing is released twice.
    const again = { hostId, generation: generation + 1, vcpusUsed: 3 };
    expect(await store.moves.settle(settled, again)).toBe('ok');
    expect(await store.moves.get(id)).toMatchObject(settled);
    expect(await store.hosts.get(hostId)).toMatchObject({ vcpusUsed: 7 });
  });

  test('the newest command of one host is found among those of others, which one waits for', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const other = await aHost(store, [], 'host-2');
    const serverId = await anIdleServer(store);
    const body = { do: 'destroy', guestId: serverId } as const;
    const last = (at: string) => store.commands.lastOn({ hostId: at, serverId }, 'destroy');
    await store.commands.issue({ hostId, serverId, body });
    await store.commands.issue({ hostId: other, serverId, body });
    expect(await last(hostId)).toMatchObject({ hostId, result: null });
    expect(await last(other)).toMatchObject({ hostId: other, result: null });
    await store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
    expect(await last(hostId)).toMatchObject({ result: { ok: true } });
    const task = await begin(store, aMove({ serverId, sourceId: hostId }));
    const command = { hostId: other, serverId, body: { do: 'stop', guestId: serverId } } as const;
    const next = { step: 'source-left', data: task.data, dueAt: null } as const;
    await store.commit({ task, next, command });
    await store.commands.issue({ hostId, serverId, body });
    expect(await store.commands.pending(hostId)).toEqual([]);
  });
}
