/** Suite for readers that keep what they read of hosts. */
import { expect, test } from 'vitest';
import { aHost, facts } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { ChangeMark } from './store.ts';

export function storeHostChangesContract(fresh: () => Promise<OpenStore>): void {
  test('hosts that changed since a mark are found, whoever changed or removed them', async () => {
    const open = await fresh();
    const [store, elsewhere] = [await open(), await open()];
    const [a, b] = [await aHost(store, [], 'a'), await aHost(store, [], 'b')];
    const idsSince = async (mark?: ChangeMark) => {
      const { versions, removed, mark: next } = await store.hosts.changedSince(mark);
      return { changed: versions.map(({ id }) => id).toSorted(), removed, next };
    };
    const all = await idsSince();
    expect(all).toMatchObject({ changed: [a, b].toSorted(), removed: [] });
    expect(await idsSince(all.next)).toMatchObject({ changed: [], removed: [] });
    await elsewhere.hosts.update({ hostId: b, generation: 2, vcpusUsed: 1 });
    await store.hosts.update({ hostId: a, generation: 1, vcpusUsed: 1 });
    const second = await idsSince(all.next);
    expect(second).toMatchObject({ changed: [b], removed: [] });
    await elsewhere.hosts.forget(b);
    await elsewhere.hosts.seen(a, 77);
    const third = await idsSince(second.next);
    expect(third).toMatchObject({ changed: [a], removed: [b] });
    expect(await idsSince(third.next)).toMatchObject({ changed: [], removed: [] });
  });

  test('the version of one host follows its changes and signs of life', async () => {
    const store = await (await fresh())();
    const id = await aHost(store, []);
    await store.hosts.update({ hostId: id, generation: 2, enabled: false, disabledReason: 'why' });
    await store.hosts.seen(id, 77);
    const state = { enabled: false, disabledReason: 'why', forcedDown: false, lastSeenAt: 77 };
    expect(await store.hosts.version(id)).toEqual({ id, generation: 3, ...state });
    expect(await store.hosts.version('none')).toBeUndefined();
  });

  test('the changes that a store committed are listed, those of reports are not', async () => {
    const open = await fresh();
    const [store, elsewhere] = [await open(), await open()];
    const hostId = await aHost(store, []);
    const { upTo } = store.hosts.recorded(0);
    const change = { hostId, generation: 2, vcpusUsed: 3 };
    await store.hosts.update(change);
    await store.hosts.update(change);
    await elsewhere.hosts.update({ hostId, generation: 3, vcpusUsed: 4 });
    await store.hosts.update({ hostId, generation: 4, facts: facts });
    const next = store.hosts.recorded(upTo);
    expect(next.changes).toEqual([change]);
    expect(store.hosts.recorded(next.upTo)).toEqual({ changes: [], upTo: next.upTo });
  });
}
