/** Suite for several controllers of one database. */
import { expect, test } from 'vitest';
import { aBoot, aHost, bootData } from '#test/worlds/store-rows.ts';
import type { OpenStore } from '../store.contract.ts';

const version = '1.2.3';
/** A controller of this name. */
const named = (name: string, startedAt = 10) => ({ id: name, name, version, startedAt });
const destroy = (guestId: string) => ({ do: 'destroy', guestId }) as const;

export function storeControllersContract(fresh: () => Promise<OpenStore>): void {
  test('controllers are listed in the order of their starts, and count their signs of life', async () => {
    const store = await (await fresh())();
    await store.controllers.add({ id: 'b', name: 'two', version, startedAt: 20 });
    await store.controllers.add({ id: 'a', name: 'one', version, startedAt: 10 });
    expect(await store.controllers.beat('b')).toBe(true);
    expect(await store.controllers.list()).toEqual([
      { id: 'a', name: 'one', version, startedAt: 10, beats: 0 },
      { id: 'b', name: 'two', version, startedAt: 20, beats: 1 },
    ]);
    await store.controllers.remove('a');
    expect(await store.controllers.beat('a')).toBe(false);
    expect((await store.controllers.list()).map(({ id }) => id)).toEqual(['b']);
  });

  test('a controller that starts again removes its earlier run, and no other', async () => {
    const open = await fresh();
    const [store, elsewhere] = [await open(), await open()];
    await store.controllers.add({ id: 'a', name: 'one', version, startedAt: 10 });
    await elsewhere.controllers.add({ id: 'b', name: 'two', version, startedAt: 10 });
    await elsewhere.controllers.add({ id: 'c', name: 'one', version, startedAt: 30 });
    expect((await store.controllers.list()).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await store.controllers.beat('a')).toBe(false);
  });

  test('the tasks of a removed controller are free at once, and it records nothing more for them', async () => {
    const store = await (await fresh())();
    await store.controllers.add({ id: 'a', name: 'one', version, startedAt: 10 });
    const boots = [await aBoot(store), await aBoot(store), await aBoot(store)];
    const byOwner = new Map<string, Awaited<ReturnType<typeof aBoot>>>();
    for (const owner of ['a', 'a/req-1', 'b']) {
      const [task] = await store.tasks.lease(owner, 1_000, 60_000, { limit: 1 });
      const boot = boots.find(({ serverId }) => serverId === task?.serverId);
      if (boot !== undefined) byOwner.set(owner, boot);
    }
    await store.controllers.remove('a');
    const taken = await store.tasks.lease('c', 1_001, 60_000, { limit: 3 });
    const held = [byOwner.get('a'), byOwner.get('a/req-1')].map((task) => task?.serverId ?? '');
    expect(taken.map(({ serverId }) => serverId).toSorted()).toEqual(held.toSorted());
    const next = { step: 'schedule', data: bootData, dueAt: 0 } as const;
    for (const [owner, outcome] of [
      ['a', { ok: false, why: 'superseded' }],
      ['a/req-1', { ok: false, why: 'superseded' }],
      ['b', { ok: true }],
    ] as const) {
      const task = byOwner.get(owner);
      expect(task).toBeDefined();
      if (task !== undefined) expect(await store.commit({ task, next })).toMatchObject(outcome);
    }
  });

  test('tasks leased to no listed controller are freed, and those of others kept', async () => {
    const store = await (await fresh())();
    await store.controllers.add(named('a'));
    for (const owner of ['a', 'a/req-1', 'gone', 'gone/req-1']) {
      await aBoot(store);
      expect(await store.tasks.lease(owner, 1_000, 60_000, { limit: 1 })).toHaveLength(1);
    }
    const free = async () => (await store.tasks.lease('b', 1_001, 60_000, { limit: 9 })).length;
    expect(await free()).toBe(0);
    await store.controllers.freeLeftTasks();
    expect(await free()).toBe(2);
  });

  test('of two controllers that are added with one name at the same time one stays', async () => {
    const open = await fresh();
    const stores = await Promise.all(Array.from({ length: 6 }, open));
    const ends = await Promise.allSettled(
      stores.map(({ controllers }, at) => controllers.add({ ...named(`run-${at}`), name: 'one' })),
    );
    const refused = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason);
    const message = expect.stringMatching(/^another controller with the name one has started/);
    for (const reason of refused) expect(reason).toMatchObject({ kind: 'conflict', message });
    const [first] = stores;
    expect(await first?.controllers.list()).toHaveLength(1);
  });

  test('a host has its newest link, whichever controller records it last', async () => {
    const open = await fresh();
    const [store, elsewhere] = [await open(), await open()];
    const hostId = await aHost(store, [], 'h');
    for (const name of ['a', 'b']) await store.controllers.add(named(name));
    const first = { hostId, controllerId: 'a', link: 7 };
    expect(await store.hostLinks.open([first])).toEqual(new Set([hostId]));
    expect(await elsewhere.hostLinks.open([{ ...first, controllerId: 'b', link: 6 }])).toEqual(
      new Set(),
    );
    expect(await elsewhere.hostLinks.open([{ ...first, controllerId: 'b', link: 8 }])).toEqual(
      new Set([hostId]),
    );
    expect(await store.hostLinks.newest(hostId)).toBe(8);
    expect(await store.hostLinks.newest('none')).toBe(0);
    // The end of the older one changes nothing.
    await store.hostLinks.close([{ ...first, sentUpTo: 3 }], 500);
    const { links } = await store.hostLinks.changedSince();
    expect(links).toEqual([{ hostId, controllerId: 'b', link: 8, sentUpTo: 0, closedAt: null }]);
  });

  test('what waits for a host counts as sent where a link replaces one that is open', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    for (const name of ['a', 'b', 'c']) await store.controllers.add(named(name));
    const { serverId } = await aBoot(store);
    const link = { hostId, controllerId: 'a', link: 7 };
    await store.hostLinks.open([link]);
    await store.hostLinks.close([{ ...link, sentUpTo: 0 }], 500);
    await store.commands.issue({ hostId, serverId, body: destroy(serverId) });
    const sentUpTo = async () => (await store.hostLinks.changedSince()).links[0]?.sentUpTo;
    await store.hostLinks.open([{ ...link, controllerId: 'b', link: 8 }]);
    expect(await sentUpTo()).toBe(0);
    await store.hostLinks.open([{ ...link, controllerId: 'c', link: 9 }]);
    expect(await sentUpTo()).toBe(1);
    await store.hostLinks.close([{ hostId, controllerId: 'c', link: 9, sentUpTo: 0 }], 600);
    expect(await sentUpTo()).toBe(1);
  });

  test('a controller that was removed opens no link', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    await store.controllers.add(named('a'));
    await store.controllers.remove('a');
    const opened = await store.hostLinks.open([{ hostId, controllerId: 'a', link: 1 }]);
    expect(opened).toEqual(new Set());
    expect((await store.hostLinks.changedSince()).links).toEqual([]);
    expect(await store.hostLinks.open([])).toEqual(new Set());
  });

  test('links that changed since a mark are found, of removed controllers too', async () => {
    const open = await fresh();
    const [store, elsewhere] = [await open(), await open()];
    const [a, b] = [await aHost(store, [], 'a'), await aHost(store, [], 'b')];
    await store.controllers.add({ id: 'x', name: 'one', version, startedAt: 10 });
    await store.hostLinks.open([
      { hostId: a, controllerId: 'x', link: 1 },
      { hostId: b, controllerId: 'x', link: 1 },
    ]);
    const first = await elsewhere.hostLinks.changedSince();
    expect(first.links.map(({ hostId }) => hostId).toSorted()).toEqual([a, b].toSorted());
    const closed = { hostId: a, controllerId: 'x', link: 1, sentUpTo: 4 };
    await store.hostLinks.close([closed], 500);
    const second = await elsewhere.hostLinks.changedSince(first.mark);
    expect(second.links).toEqual([{ ...closed, controllerId: null, closedAt: 500 }]);
    const { serverId } = await aBoot(store);
    await store.commands.issue({ hostId: b, serverId, body: destroy(serverId) });
    const third = await elsewhere.hostLinks.changedSince(second.mark);
    await store.controllers.remove('x');
    const last = await elsewhere.hostLinks.changedSince(third.mark);
    // The command may have been sent.
    expect(last.links).toMatchObject([{ hostId: b, controllerId: null, sentUpTo: 1 }]);
    expect(last.links[0]?.closedAt).toEqual(expect.any(Number));
    expect((await elsewhere.hostLinks.changedSince(last.mark)).links).toEqual([]);
  });

  test('a report by an older link of a host changes nothing', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    await store.controllers.add(named('a'));
    await store.hostLinks.open([{ hostId, controllerId: 'a', link: 7 }]);
    const read = await store.hosts.get(hostId);
    const change = { hostId, generation: read?.generation ?? 0, hostIp: '192.0.2.99' };
    expect(await store.hosts.update({ ...change, link: 6 })).toBe('stale-host');
    expect(await store.hosts.updateAll([{ ...change, link: 6 }])).toEqual(new Set());
    expect(await store.hosts.get(hostId)).toEqual(read);
    expect(await store.hosts.updateAll([{ ...change, link: 7 }])).toEqual(new Set([hostId]));
    expect(await store.hosts.get(hostId)).toMatchObject({ hostIp: '192.0.2.99' });
  });

  test('a command ends for want of its host only while that is linked nowhere', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    const { serverId } = await aBoot(store);
    await store.commands.issue({ hostId, serverId, body: destroy(serverId) });
    const result = { ok: false as const, message: 'm', detail: '', steps: [] };
    const ifUnlinked = { isNeverSent: true };
    const end = () => store.commands.complete(hostId, 1, result, { now: 5, ifUnlinked });
    const waiting = async () => (await store.commands.pending(hostId)).length;
    await end();
    expect(await waiting()).toBe(1);
    await store.controllers.add(named('a'));
    const link = { hostId, controllerId: 'a', link: 1 };
    await store.hostLinks.open([link]);
    await end();
    expect(await waiting()).toBe(1);
    await store.hostLinks.close([{ ...link, sentUpTo: 0 }], 5);
    await end();
    expect(await waiting()).toBe(0);
  });

  test('a command does not end as never sent where it may have been sent', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    const { serverId } = await aBoot(store);
    await store.commands.issue({ hostId, serverId, body: destroy(serverId) });
    await store.controllers.add(named('a'));
    const link = { hostId, controllerId: 'a', link: 1 };
    await store.hostLinks.open([link]);
    await store.hostLinks.close([{ ...link, sentUpTo: 1 }], 5);
    const result = { ok: false as const, message: 'm', detail: '', steps: [] };
    for (const [isNeverSent, left] of [
      [true, 1],
      [false, 0],
    ] as const) {
      await store.commands.complete(hostId, 1, result, { now: 5, ifUnlinked: { isNeverSent } });
      expect(await store.commands.pending(hostId)).toHaveLength(left);
    }
  });

  test('a host that is forgotten has no link', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [], 'h');
    await store.controllers.add(named('a'));
    await store.hostLinks.open([{ hostId, controllerId: 'a', link: 1 }]);
    await store.hosts.forget(hostId);
    expect((await store.hostLinks.changedSince()).links).toEqual([]);
  });
}
