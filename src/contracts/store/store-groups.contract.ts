/**
 * Suite for server groups: members are added and removed with their servers, and two concurrent
 * placements cannot both succeed.
 */
import { expect, test } from 'vitest';
import { noLimits } from '#core/quotas/limits.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import { aHost, aNewServer, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { CommitResult, Store, Task } from './store.ts';

export function storeGroupsContract(fresh: () => Promise<OpenStore>): void {
  test('a group is read back as created, over another connection, by id and by project', async () => {
    const open = await fresh();
    const store = await open();
    const made = await aGroup(store, { maxServersPerHost: 3 });
    const other = await aGroup(store, { projectId: 'project-2', policy: 'soft-affinity' });
    expect(made).toMatchObject({ name: 'web', policy: 'anti-affinity', members: [] });
    const again = await open();
    expect(await again.serverGroups.get(made.id)).toEqual(made);
    const all = { offset: 0, limit: 10 };
    expect(await again.serverGroups.list(all)).toEqual([made, other]);
    expect(await again.serverGroups.list({ ...all, projectId: 'project-2' })).toEqual([other]);
    expect(await again.serverGroups.list({ offset: 1, limit: 1 })).toEqual([other]);
    expect(await again.serverGroups.list({ offset: 0, limit: 1 })).toEqual([made]);
    expect(await again.serverGroups.get('none')).toBeUndefined();
  });

  test('a server joins its group when it is created and leaves it when it is deleted', async () => {
    const store = await (await fresh())();
    const { id } = await aGroup(store);
    const [first, second] = [await aMember(store, id), await aMember(store, id)];
    expect((await store.serverGroups.get(id))?.members).toEqual([first.serverId, second.serverId]);
    expect((await store.serverGroups.of(second.serverId))?.id).toBe(id);
    await store.commit({ task: first, next: null, server: { deletedAt: 5 } });
    expect((await store.serverGroups.get(id))?.members).toEqual([second.serverId]);
    expect(await store.serverGroups.of(first.serverId)).toBeUndefined();
  });

  test('a server whose group does not exist is refused, and nothing of it is left', async () => {
    const store = await (await fresh())();
    const newServer = { ...aNewServer(), groupId: 'gone' };
    await expect(store.servers.create(newServer)).rejects.toMatchObject({
      kind: 'invalid',
      message: 'Instance group gone could not be found.',
    });
    expect(await store.servers.get(newServer.server.id)).toBeUndefined();
  });

  test('removing a group leaves its servers unchanged; a second removal finds none', async () => {
    const store = await (await fresh())();
    const { id } = await aGroup(store);
    const { serverId } = await aMember(store, id);
    await store.serverGroups.remove(id);
    expect(await store.serverGroups.get(id)).toBeUndefined();
    expect(await store.serverGroups.of(serverId)).toBeUndefined();
    expect(await store.servers.get(serverId)).toMatchObject({ deletedAt: null });
    await expect(store.serverGroups.remove(id)).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('the servers of a group are counted by host; one without a host is not', async () => {
    const store = await (await fresh())();
    const { id } = await aGroup(store);
    for (const host of ['host-1', 'host-2', 'host-1', null]) {
      const { serverId } = await aMember(store, id);
      await store.servers.update(serverId, { hostId: host, hostName: host });
    }
    const hosts = await store.serverGroups.hosts(id);
    expect([...hosts]).toEqual([
      ['host-1', 2],
      ['host-2', 1],
    ]);
  });

  test('a placement that read an older group, or one that was deleted, is refused as a whole', async () => {
    const store = await (await fresh())();
    const group = await aGroup(store);
    const hostId = await aHost(store, []);
    const [first, second] = [await aMember(store, group.id), await aMember(store, group.id)];
    expect(await place(store, first, group, hostId)).toEqual({ ok: true });
    const stale = { ok: false, why: 'stale-host' };
    expect(await place(store, second, group, hostId)).toEqual(stale);
    const now = (await store.serverGroups.get(group.id))!;
    expect(now.generation).toBe(group.generation + 1);
    await store.serverGroups.remove(group.id);
    expect(await place(store, second, now, hostId)).toEqual(stale);
    expect(await store.servers.get(second.serverId)).toMatchObject({ hostName: null });
    expect(await store.hosts.get(hostId)).toMatchObject({ generation: 3, vcpusUsed: 1 });
    expect(await store.tasks.of(second.serverId)).toEqual(second);
  });

  test('two connections that compete for hosts never put two servers of an anti-affinity group on one', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const { id } = await aGroup(stores[0]!);
    const names = ['host-1', 'host-2', 'host-3'];
    for (const name of names) await aHost(stores[0]!, [], name);
    const tasks = await Promise.all(
      Array.from({ length: 6 }, (_, index) => aMember(stores[index % 2]!, id)),
    );
    const places = await Promise.all(
      tasks.map((task, index) => placeApart(stores[index % 2]!, task)),
    );
    expect(places.filter((place) => place !== undefined).toSorted()).toEqual(names);
    expect([...(await stores[1]!.serverGroups.hosts(id))]).toEqual(names.map((name) => [name, 1]));
  });
}

function aGroup(store: Store, change: Partial<ServerGroup> = {}): Promise<ServerGroup> {
  const { projectId, policy, maxServersPerHost } = {
    projectId: 'project-1',
    policy: 'anti-affinity' as const,
    maxServersPerHost: null,
    ...change,
  };
  const id = crypto.randomUUID();
  const group = { id, name: 'web', userId: 'user-1', projectId, policy, maxServersPerHost };
  return store.serverGroups.create(group, { standard: noLimits, exceptions: {} });
}

async function aMember(store: Store, groupId: string): Promise<Task> {
  const newServer = { ...aNewServer(), groupId };
  await store.servers.create(newServer);
  return { ...newServer.task, epoch: 1 };
}

/** Records a choice of this host based on the group as read; returns the current host. */
async function place(
  store: Store,
  task: Task,
  { id, generation }: ServerGroup,
  hostId: string,
): Promise<CommitResult> {
  const host = (await store.hosts.get(hostId))!;
  return store.commit(
    toStep(task, 'bind-ports', {
      host: { hostId, generation: host.generation, vcpusUsed: host.vcpusUsed + 1 },
      serverGroup: { id, generation },
      server: { hostId, hostName: host.name },
    }),
  );
}

/**
 * Takes the first host without a server of the group, reading again when another was faster. Its
 * name, or undefined when none is left.
 */
async function placeApart(store: Store, task: Task): Promise<string | undefined> {
  for (;;) {
    const group = (await store.serverGroups.of(task.serverId))!;
    const taken = await store.serverGroups.hosts(group.id);
    const free = (await store.hosts.list()).find(({ name }) => !taken.has(name));
    if (free === undefined) return undefined;
    const result = await place(store, task, group, free.id);
    if (result.ok) return free.name;
  }
}
