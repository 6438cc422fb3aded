/** Suite for what is recorded in one commit with what it follows: a claim, and an answer. */
import { expect, test } from 'vitest';
import { noLimits } from '#core/quotas/limits.ts';
import { aBoot, aHost, aNewServer, aVf, bootData, toStep } from '#test/worlds/store-rows.ts';
import type { CommandResult } from '../host/host-link.ts';
import type { OpenStore } from './store.contract.ts';
import type { NewClaim, Store, Task } from './store.ts';

const vf = '0000:81:00.1';
const done: CommandResult = { ok: true, steps: [] };

/** A server of these limits, and its claim on the VF of the host. */
async function claimed(store: Store, hostId: string, instances = -1) {
  const newServer = aNewServer({ hostId, taskState: 'networking' });
  const { task, server } = newServer;
  const at = { startedAt: 1, finishedAt: 2, details: null, host: 'host-1' };
  const { generation } = (await store.hosts.get(hostId))!;
  const claim: NewClaim = {
    host: { hostId, generation, devices: [aVf(vf, { serverId: server.id, status: 'claimed' })] },
    decision: {
      ...{ serverId: server.id, attempt: 1, decidedAt: 3, chosen: 'host-1' },
      ...{ candidates: [], rejections: [], devices: [] },
    },
    events: [{ ...at, name: 'schedule', result: 'Success' }],
  };
  const standard = { ...noLimits, instances };
  const quota = { configured: { standard, exceptions: {} }, minCount: 1 };
  const boot = { ...newServer, task: { ...task, step: 'bind-ports' as const } };
  const create = () => store.servers.createClaimed(quota, boot, claim);
  return { newServer: boot, claim, create };
}

export function storeJointContract(fresh: () => Promise<OpenStore>): void {
  test('a server is created with its claim, decision and events, and its task continues', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf(vf)]);
    const { newServer, claim, create } = await claimed(store, hostId);
    const { task } = newServer;
    const since = store.hosts.recorded(0).upTo;
    const server = await create();
    expect(await store.servers.get(task.serverId)).toEqual(server);
    expect(server).toMatchObject({ hostId, taskState: 'networking' });
    const held = await store.hosts.heldBy(task.serverId);
    expect(held.get(hostId)).toMatchObject([{ address: vf }]);
    expect(await store.servers.decisions(task.serverId)).toEqual([claim.decision]);
    expect(await store.servers.actions(task.serverId)).toMatchObject([{ events: claim.events }]);
    expect(await store.tasks.of(task.serverId)).toEqual({ ...task, epoch: 1 });
    expect(store.hosts.recorded(since).changes).toEqual([claim.host]);
  });

  test('nothing is created with a claim on a host that has changed, or above a quota', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf(vf)]);
    const late = await claimed(store, hostId);
    const refused = await claimed(store, hostId, 0);
    await expect(refused.create()).rejects.toMatchObject({ kind: 'overQuota' });
    expect(await store.servers.get(refused.newServer.server.id)).toBeUndefined();
    const first = await claimed(store, hostId);
    expect(await first.create()).toBeDefined();
    expect(await late.create()).toBeUndefined();
    expect(await store.servers.get(late.newServer.server.id)).toBeUndefined();
    expect((await store.hosts.heldBy(first.newServer.server.id)).size).toBe(1);
  });

  const order = async (store: Store, task: Task<'boot'>, hostId: string): Promise<void> => {
    const { serverId } = task;
    const command = { hostId, serverId, body: { do: 'destroy', guestId: serverId } } as const;
    const next = { step: 'guest-started', data: bootData, dueAt: null } as const;
    await store.commit({ task, command, next });
  };

  test('an answer is recorded with the step that it continues, and only once', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, hostId);
    const answer = { hostId, seq: 1, result: done };
    const step = { ...toStep(task, 'wait-for-plug', { server: { powerState: 1 } }), answer };
    expect(await store.commit(step)).toEqual({ ok: true });
    expect(await store.tasks.of(task.serverId)).toMatchObject({ step: 'wait-for-plug' });
    expect(await store.commands.last(task.serverId, 'destroy')).toMatchObject({ result: done });
    expect(await store.commands.pending(hostId)).toEqual([]);
    const again = { ...toStep(task, 'release'), answer };
    expect(await store.commit(again)).toEqual({ ok: false, why: 'superseded' });
    expect(await store.tasks.of(task.serverId)).toMatchObject({ step: 'wait-for-plug' });
  });

  test('an older answer, and another server’s, are recorded with no step', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const [task, other] = [await aBoot(store), await aBoot(store)];
    for (const each of [task, task, other]) await order(store, each, hostId);
    for (const seq of [1, 3]) {
      const answer = { hostId, seq, result: done };
      const step = { ...toStep(task, 'wait-for-plug'), answer };
      expect(await store.commit(step)).toEqual({ ok: false, why: 'superseded' });
    }
    expect(await store.commands.pending(hostId)).toHaveLength(3);
    expect(await store.tasks.of(task.serverId)).toMatchObject({ step: 'guest-started' });
  });

  test('a step of an older epoch takes its answer back with it', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, hostId);
    const answer = { hostId, seq: 1, result: done };
    const old = { ...toStep({ ...task, epoch: 0 }, 'wait-for-plug'), answer };
    expect(await store.commit(old)).toEqual({ ok: false, why: 'superseded' });
    expect(await store.commands.pending(hostId)).toHaveLength(1);
  });
}
