/** Suite for what users and projects have beside servers: key pairs, set limits, usage. */
import { expect, test } from 'vitest';
import { noLimits } from '#core/quotas/limits.ts';
import { aFlavor, aNewServer } from '#test/worlds/store-rows.ts';
import type { OpenStore } from '../store.contract.ts';
import type { Store } from '../store.ts';

const configured = { standard: noLimits, exceptions: {} };
const within = { projectId: 'project-1', configured };
const aKey = (name: string, userId = 'user-1') => ({
  userId,
  name,
  type: 'ssh' as const,
  publicKey: 'ssh-ed25519 AAAA',
  fingerprint: '00:11',
  createdAt: 5,
});

export function storeProjectsContract(fresh: () => Promise<OpenStore>): void {
  test('key pairs are a user’s, by name', async () => {
    const store = await (await fresh())();
    const made = await store.keyPairs.create(aKey('b'), within);
    await store.keyPairs.create(aKey('a'), within);
    await store.keyPairs.create(aKey('b', 'user-2'), within);
    await expect(store.keyPairs.create(aKey('b'), within)).rejects.toMatchObject({
      kind: 'conflict',
    });
    await expect(store.keyPairs.check(aKey('b'), within)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await store.keyPairs.get('user-1', 'b')).toEqual({ ...aKey('b'), id: made.id });
    const names = async (page: { after?: string; limit: number }) =>
      (await store.keyPairs.list('user-1', page)).map(({ name }) => name);
    expect(await names({ limit: 9 })).toEqual(['a', 'b']);
    expect(await names({ limit: 1 })).toEqual(['a']);
    expect(await names({ limit: 9, after: 'a' })).toEqual(['b']);
    await expect(names({ limit: 9, after: 'c' })).rejects.toMatchObject({ kind: 'invalid' });
    await store.keyPairs.remove('user-1', 'b');
    await expect(store.keyPairs.remove('user-1', 'b')).rejects.toMatchObject({ kind: 'notFound' });
    expect(await store.keyPairs.get('user-1', 'b')).toBeUndefined();
    expect(await store.keyPairs.get('user-2', 'b')).toBeDefined();
  });

  test('of two requests over two connections that fill a quota, one is accepted', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    await stores[0]!.quotas.set(
      { projectId: 'project-1' },
      { key_pairs: 3, instances: 3 },
      { configured, isForced: false },
    );
    const keys = Array.from({ length: 8 }, (_, at) =>
      stores[at % 2]!.keyPairs.create(aKey(`key-${at}`), within),
    );
    expect(countOf(await Promise.allSettled(keys))).toBe(3);
    const servers = Array.from({ length: 8 }, (_, at) =>
      stores[at % 2]!.servers.createWithin({ configured, minCount: 1 }, [aNewServer()]),
    );
    expect(countOf(await Promise.allSettled(servers))).toBe(3);
  });

  test('a limit that another controller sets counts for the next request', async () => {
    const open = await fresh();
    const [one, other] = [await open(), await open()];
    const boot = (store: Store) =>
      store.servers.createWithin({ configured, minCount: 1 }, [aNewServer()]);
    await boot(one);
    const owner = { projectId: 'project-1' };
    const how = { configured, isForced: false };
    await expect(other.quotas.set(owner, { instances: 0 }, how)).rejects.toMatchObject({
      kind: 'invalid',
    });
    await other.quotas.set(owner, { instances: 1, ram: -1 }, how);
    await expect(boot(one)).rejects.toMatchObject({ kind: 'overQuota' });
    await other.quotas.set(owner, { instances: 2 }, how);
    await boot(one);
    expect(await one.quotas.limits(owner, configured)).toMatchObject({ instances: 2, ram: -1 });
    await other.quotas.clear(owner);
    await boot(one);
  });

  test('a project’s and a user’s limits both count; the least specific is the class', async () => {
    const store = await (await fresh())();
    const exceptions = { cores: 9 };
    const how = { configured: { standard: noLimits, exceptions }, isForced: false };
    await store.quotas.setClass('default', { cores: 7, ram: 7_000 });
    await store.quotas.setClass('gold', { ram: 1 });
    await store.quotas.set({ projectId: 'p', userId: 'u' }, { ram: 1_000 }, how);
    const limits = async (userId?: string) => {
      const { cores, ram } = await store.quotas.limits({ projectId: 'p', userId }, how.configured);
      return { cores, ram };
    };
    expect(await limits()).toEqual({ cores: 9, ram: 7_000 });
    expect(await limits('u')).toEqual({ cores: 9, ram: 1_000 });
    expect(await limits('v')).toEqual({ cores: 9, ram: 7_000 });
    expect(await store.quotas.classLimits('default')).toEqual({ cores: 7, ram: 7_000 });
    const flavor = aFlavor({ memoryMib: 600 });
    const boot = (userId: string) =>
      store.servers.createWithin({ ...how, minCount: 1 }, [
        aNewServer({ flavor, userId, projectId: 'p' }),
      ]);
    await boot('u');
    await expect(boot('u')).rejects.toMatchObject({
      message: 'Quota exceeded for ram: Requested 600, but already used 600 of 1000 ram',
    });
    await boot('v');
    expect(await store.quotas.usage({ projectId: 'p', userId: 'u' })).toMatchObject({
      instances: 1,
      ram: 600,
      key_pairs: 0,
    });
    await store.quotas.clear({ projectId: 'p', userId: 'u' });
    expect(await limits('u')).toEqual({ cores: 9, ram: 7_000 });
  });

  test('servers that ran in a period are read by project, in pages', async () => {
    const store = await (await fresh())();
    const [a, b, c] = ['a', 'b', 'c'] as const;
    await Promise.all([
      store.servers.create(aNewServer({ id: c, projectId: 'p', launchedAt: 10 })),
      store.servers.create(
        aNewServer({ id: a, projectId: 'q', launchedAt: 10, terminatedAt: 20, deletedAt: 20 }),
      ),
      store.servers.create(aNewServer({ id: b, projectId: 'p', launchedAt: 30 })),
      store.servers.create(aNewServer({ id: 'd', projectId: 'p' })),
    ]);
    const ids = async (
      [from, until]: [number, number],
      page: { projectId?: string; after?: string; limit?: number } = {},
    ) => (await store.usage.servers({ from, until }, { limit: 9, ...page })).map(({ id }) => id);
    expect(await ids([0, 40])).toEqual([b, c, a]);
    expect(await ids([21, 25])).toEqual([c]);
    expect(await ids([0, 40], { limit: 1 })).toEqual([b]);
    expect(await ids([0, 40], { after: b })).toEqual([c, a]);
    expect(await ids([0, 40], { projectId: 'q' })).toEqual([a]);
    await expect(ids([0, 40], { after: 'x' })).rejects.toMatchObject({ kind: 'invalid' });
  });
}

function countOf(ends: PromiseSettledResult<unknown>[]): number {
  return ends.filter(({ status }) => status === 'fulfilled').length;
}
