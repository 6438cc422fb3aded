/**
 * Suite for quotas: live resources are counted, and two concurrent requests never exceed a limit
 * together.
 */
import { expect, test } from 'vitest';
import { noLimits, type QuotaLimits, standardLimits } from '#core/quotas/limits.ts';
import { aFlavor, aNewServer, aNic } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { NewServer, Store } from './store.ts';

const flavor = aFlavor({ vcpus: 2, memoryMib: 512 });
const some = (count: number, groupId: string | null = null): NewServer[] =>
  Array.from({ length: count }, () => ({ ...aNewServer({ flavor }), groupId }));
const within = (change: Partial<QuotaLimits>, minCount = 1) => ({
  configured: { standard: noLimits, exceptions: change },
  minCount,
});

export function storeQuotasContract(fresh: () => Promise<OpenStore>): void {
  test('usage counts live servers of the project; a deleted one is subtracted at once', async () => {
    const store = await (await fresh())();
    const [first] = some(1);
    await store.servers.createWithin(within({}), [first!, ...some(2)]);
    await store.servers.create(aNewServer({ projectId: 'project-2' }));
    const usage = { instances: 3, cores: 6, ram: 1536, server_groups: 0 };
    expect(await store.quotaUsage('project-1')).toEqual(usage);
    const task = { ...first!.task, epoch: 1 };
    await store.commit({ task, next: null, server: { deletedAt: 5 } });
    expect(await store.quotaUsage('project-1')).toMatchObject({
      instances: 2,
      cores: 4,
      ram: 1024,
    });
    expect(await store.quotaUsage('nobody')).toEqual({
      instances: 0,
      cores: 0,
      ram: 0,
      server_groups: 0,
    });
  });

  test.each([
    { limits: { instances: 3 }, made: 3 },
    { limits: { cores: 5 }, made: 2 },
    { limits: { ram: 512 }, made: 1 },
    { limits: {}, made: 5 },
  ])('of five servers $made are created within $limits', async ({ limits, made }) => {
    const store = await (await fresh())();
    const servers = await store.servers.createWithin(within(limits), some(5));
    expect(servers).toHaveLength(made);
    expect((await store.servers.list({})).map(({ id }) => id).toSorted()).toEqual(
      servers.map(({ id }) => id).toSorted(),
    );
  });

  test('fewer than the minimum are refused: nothing of a refused request is left', async () => {
    const store = await (await fresh())();
    const requested = store.servers.createWithin(within({ instances: 4 }, 5), some(5));
    await expect(requested).rejects.toMatchObject({
      kind: 'overQuota',
      message: 'Quota exceeded for instances: Requested 5, but already used 0 of 4 instances',
    });
    const { portId } = aNic();
    const twice = some(2).map((created) => ({
      ...created,
      server: { ...created.server, nics: [aNic({ portId })] },
    }));
    await expect(store.servers.createWithin(within({}), twice)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await store.servers.list({ includeDeleted: true })).toEqual([]);
  });

  test('concurrent requests over two connections never exceed a limit together', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const requests = Array.from({ length: 12 }, (_, at) =>
      stores[at % 2]!.servers.createWithin(within({ instances: 7 }, 2), some(2)),
    );
    const ends = await Promise.allSettled(requests);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await stores[0]!.quotaUsage('project-1')).toMatchObject({ instances: 6 });
  });

  test('a group has no more members than the limit, and a project no more groups', async () => {
    const store = await (await fresh())();
    const id = await aGroup(store);
    const limits = within({ server_group_members: 2 });
    expect(await store.servers.createWithin(limits, some(3, id))).toHaveLength(2);
    await expect(store.servers.createWithin(limits, some(1, id))).rejects.toMatchObject({
      kind: 'overQuota',
      message: 'Quota exceeded, too many servers in group',
    });
    await expect(aGroup(store, { server_groups: 1 })).rejects.toMatchObject({
      kind: 'overQuota',
      message: 'Quota exceeded, too many server groups.',
    });
    expect(await store.quotaUsage('project-1')).toMatchObject({ server_groups: 1 });
  });
}

async function aGroup(store: Store, exceptions: Partial<QuotaLimits> = {}): Promise<string> {
  const group = {
    id: crypto.randomUUID(),
    name: 'web',
    projectId: 'project-1',
    userId: 'user-1',
    policy: 'affinity' as const,
    maxServersPerHost: null,
  };
  return (await store.serverGroups.create(group, { standard: standardLimits, exceptions })).id;
}
