/**
 * Suite for events of the network service: none is lost, whenever it arrives, and none is handled
 * twice.
 */
import { expect, test } from 'vitest';
import { aBoot, aNewServer, bootData, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { Store, Task } from './store.ts';

const wakes = 'wait-for-plug';
const later = 60_000;
const parked = { step: wakes, data: bootData, awaits: 'plugged' } as const;

/** The task is at the step that waits, due much later. */
async function waiting(store: Store): Promise<Task<'boot'>> {
  const task = await aBoot(store);
  await store.commit({ task, next: { ...parked, dueAt: later } });
  return task;
}

const dueNow = async (store: Store) =>
  (await store.tasks.lease('a', 1_000, 100, { limit: 10 })).map(({ serverId }) => serverId);

export function storeNetworkEventsContract(fresh: () => Promise<OpenStore>): void {
  test('an event is kept over another connection until it was handled; an equal one replaces it', async () => {
    const open = await fresh();
    const store = await open();
    const { serverId } = await aBoot(store);
    const notify = (kind: 'changed' | 'deleted', portId: string) =>
      store.networkEvents.record({ serverId, kind, portId }, { wakes, now: 1_000 });
    await notify('changed', 'p1');
    await notify('deleted', 'p1');
    await notify('changed', 'p1');
    await notify('changed', 'p2');
    const again = (await open()).networkEvents;
    const kept = await again.of(serverId);
    expect(kept.map(({ kind, portId }) => [kind, portId])).toEqual([
      ['deleted', 'p1'],
      ['changed', 'p1'],
      ['changed', 'p2'],
    ]);
    await again.forget(serverId, kept[1]?.id ?? 0);
    expect((await store.networkEvents.of(serverId)).map(({ portId }) => portId)).toEqual(['p2']);
  });

  test('a step handles the kinds that it names, up to the event that it knew', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const notify = (kind: 'changed' | 'deleted') =>
      store.networkEvents.record(
        { serverId: task.serverId, kind, portId: 'p' },
        { wakes, now: 1_000 },
      );
    await notify('changed');
    await notify('deleted');
    const [, newest] = await store.networkEvents.of(task.serverId);
    await notify('changed');
    await store.commit(
      toStep(task, 'bind-ports', { seenEvents: { kinds: ['changed'], upTo: newest?.id ?? 0 } }),
    );
    const left = await store.networkEvents.of(task.serverId);
    expect(left.map(({ kind }) => kind)).toEqual(['deleted', 'changed']);
  });

  test('a plug event makes the task due that waits for it; another event does not', async () => {
    const store = await (await fresh())();
    const { serverId } = await waiting(store);
    const notify = (kind: 'changed' | 'plugged') =>
      store.networkEvents.record({ serverId, kind, portId: 'p' }, { wakes, now: 1_000 });
    await notify('changed');
    expect(await dueNow(store)).toEqual([]);
    await notify('plugged');
    expect(await dueNow(store)).toEqual([serverId]);
  });

  test('a plug does not wake a step that waits for its host', async () => {
    const store = await (await fresh())();
    const { serverId } = await waiting(store);
    await store.networkEvents.record(
      { serverId, kind: 'plugged', portId: 'p' },
      { wakes: 'another', now: 1_000 },
    );
    expect(await dueNow(store)).toEqual([]);
  });

  test('a step that parks after an unhandled plug event is due at once; after a handled one, not', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const { serverId } = task;
    const next = { ...parked, dueAt: later };
    await store.networkEvents.record(
      { serverId, kind: 'plugged', portId: 'p' },
      { wakes, now: 1_000 },
    );
    await store.commit({ task, next });
    expect((await store.tasks.of(serverId))?.dueAt).toBeLessThan(Date.now() + 1);
    const [seen] = await store.networkEvents.of(serverId);
    const seenEvents = { kinds: ['plugged'], upTo: seen?.id ?? 0 } as const;
    const far = Date.now() + later;
    await store.commit({ task, seenEvents, next: { ...next, dueAt: far } });
    expect((await store.tasks.of(serverId))?.dueAt).toBe(far);
  });

  test('a plug event that no workflow can wait for is not kept', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const { serverId } = task;
    const notify = (kind: 'plugged' | 'changed') =>
      store.networkEvents.record({ serverId, kind, portId: 'p' }, { wakes, now: 1_000 });
    await notify('changed');
    await store.commit({ task, next: null });
    await notify('plugged');
    expect((await store.networkEvents.of(serverId)).map(({ kind }) => kind)).toEqual(['changed']);
  });

  test('a server with events is listed once, with whether a workflow runs for it; a deleted one has none', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const { serverId } = task;
    for (const portId of ['p1', 'p2']) {
      await store.networkEvents.record({ serverId, kind: 'changed', portId }, { wakes, now: 1 });
    }
    expect(await store.networkEvents.servers()).toEqual([{ serverId, isBusy: true }]);
    await store.commit({ task, next: null });
    expect(await store.networkEvents.servers()).toEqual([{ serverId, isBusy: false }]);
    const deletion = { kind: 'delete', step: 'remove-guest', data: {} } as const;
    const own = { ...aNewServer().task, serverId, ...deletion };
    const deleting = await store.tasks.begin(own, null, {});
    expect(await store.networkEvents.servers()).toEqual([{ serverId, isBusy: true }]);
    await store.commit({ task: deleting, next: null, server: { deletedAt: 5 } });
    expect(await store.networkEvents.servers()).toEqual([]);
    expect(await store.servers.actions(serverId)).toHaveLength(1);
  });
}
