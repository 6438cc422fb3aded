/** Suite for pruning: what ended is deleted in small batches, and what is in use never is. */
import { expect, test } from 'vitest';
import { aBoot, aHost, aNewServer, aNic, aVf, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { CommandResult } from '../host/host-link.ts';
import type { Store, Task } from './store.ts';

const spawn = { do: 'spawn', guest: {} } as never;
const ok: CommandResult = { ok: true, steps: [{ step: 'start', milliseconds: 1 }] };

/**
 * A server that got a decision, an event and a spawn with its result; then deleted at this time.
 */
async function deletedAt(store: Store, hostId: string, time: number): Promise<Task<'boot'>> {
  const task = await aBoot(store);
  const { serverId } = task;
  const decision = { ...aDecision, serverId };
  const command = { hostId, serverId, body: spawn };
  await store.commit(toStep(task, 'guest-started', { command, decision, events: [event] }));
  const [pending] = (await store.commands.pending(hostId)).toReversed();
  await store.commands.complete(hostId, pending?.seq ?? 0, ok, { now: 5 });
  await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: time } });
  return task;
}

const aDecision = {
  attempt: 1,
  decidedAt: 1,
  chosen: 'host-1',
  candidates: [],
  rejections: [],
  devices: [],
};
const event = {
  name: 'schedule',
  startedAt: 1,
  finishedAt: 2,
  result: 'Success',
  details: null,
  host: null,
} as const;

/** What is left of a server. */
async function leftOf(store: Store, { serverId }: Task): Promise<Record<string, number>> {
  const actions = await store.servers.actions(serverId);
  return {
    servers: (await store.servers.get(serverId)) === undefined ? 0 : 1,
    decisions: (await store.servers.decisions(serverId)).length,
    actions: actions.length,
    events: actions.flatMap(({ events }) => events).length,
    commands: (await store.commands.last(serverId, 'spawn')) === undefined ? 0 : 1,
  };
}

const all = { servers: 1, decisions: 1, actions: 1, events: 1, commands: 1 };
const onlyServer = { servers: 1, decisions: 0, actions: 0, events: 0, commands: 0 };
const nothing = { ...onlyServer, servers: 0 };

/** The number of calls until nothing is left. */
async function calls(prune: () => Promise<boolean>): Promise<number> {
  let count = 1;
  while (await prune()) count += 1;
  return count;
}

export function storePruneContract(fresh: () => Promise<OpenStore>): void {
  test('the history of servers deleted before a time is deleted; they stay, and others keep theirs', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const old = await deletedAt(store, hostId, 100);
    const newer = await deletedAt(store, hostId, 200);
    const live = await aBoot(store);
    expect(await leftOf(store, old)).toEqual(all);
    await calls(() => store.prune.history(150, 200));
    expect(await leftOf(store, old)).toEqual(onlyServer);
    expect(await leftOf(store, newer)).toEqual(all);
    expect(await leftOf(store, live)).toMatchObject({ servers: 1, actions: 1 });
    expect((await store.tasks.of(live.serverId))?.id).toBe(live.id);
  });

  test('servers deleted before a time are deleted, once they have no history', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const old = await deletedAt(store, hostId, 100);
    const newer = await deletedAt(store, hostId, 200);
    await calls(() => store.prune.servers(150, 200));
    expect(await leftOf(store, old)).toEqual(all);
    await calls(() => store.prune.history(250, 200));
    await calls(() => store.prune.servers(150, 200));
    expect(await leftOf(store, old)).toEqual(nothing);
    expect(await leftOf(store, newer)).toEqual(onlyServer);
  });

  test('a batch deletes no more rows than its limit, and the next continues', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const old = await deletedAt(store, hostId, 100);
    // A row at a time: action, decision, command and task; then nothing is left.
    expect(await calls(() => store.prune.history(150, 1))).toBe(5);
    expect(await leftOf(store, old)).toEqual(onlyServer);
    expect(await store.prune.history(150, 1)).toBe(false);
  });

  test('more servers than a batch takes are all pruned', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const tasks: Task<'boot'>[] = [];
    for (let at = 0; at < 45; at += 1) tasks.push(await deletedAt(store, hostId, at));
    expect(await calls(() => store.prune.history(50, 200))).toBe(3);
    expect(await calls(() => store.prune.servers(50, 200))).toBe(3);
    for (const task of tasks) expect(await leftOf(store, task)).toEqual(nothing);
  });

  test('a deleted server keeps its history while a workflow runs or its host has to remove the guest', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const running = await aBoot(store);
    const server = { vmState: 'deleted', deletedAt: 9 } as const;
    await store.commit(toStep(running, 'host-returned', { server }));
    const sent = await deletedAt(store, hostId, 9);
    const { serverId } = sent;
    await store.commands.issue({ hostId, serverId, body: { do: 'destroy', guestId: serverId } });
    expect(await store.prune.history(1_000, 200)).toBe(false);
    expect(await leftOf(store, running)).toMatchObject({ actions: 1 });
    expect((await store.tasks.of(running.serverId))?.step).toBe('host-returned');
    expect(await leftOf(store, sent)).toEqual(all);
    expect(await store.commands.pending(hostId)).toMatchObject([{ serverId }]);
  });

  test('a deleted server whose device is held stays', async () => {
    const store = await (await fresh())();
    const { server, task, ...rest } = aNewServer({ nics: [aNic()] });
    await store.servers.create({ server, task, ...rest });
    const held = { ...aVf('0000:81:00.1'), status: 'allocated', serverId: server.id } as const;
    await aHost(store, [held]);
    const deleted = { vmState: 'deleted', deletedAt: 9 } as const;
    await store.commit({ task: { ...task, epoch: 1 }, next: null, server: deleted });
    await calls(() => store.prune.history(1_000, 200));
    await calls(() => store.prune.servers(1_000, 200));
    expect((await store.servers.get(server.id))?.nics).toHaveLength(1);
    expect(await store.servers.actions(server.id)).toHaveLength(1);
  });

  test('of a deleted server’s ended commands only the outcomes of spawn and destroy are kept', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    const { serverId } = task;
    for (const [index, kind] of ['spawn', 'stop', 'spawn', 'destroy'].entries()) {
      const command = { hostId, serverId, body: { do: kind, guestId: serverId } as never };
      await store.commit(toStep(task, 'guest-started', { command }));
      await store.commands.complete(hostId, index + 1, ok, { now: 5 });
    }
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
    const kept = async (kind: 'spawn' | 'stop' | 'destroy') =>
      (await store.commands.last(serverId, kind))?.seq;
    expect([await kept('spawn'), await kept('stop'), await kept('destroy')]).toEqual([
      3,
      undefined,
      4,
    ]);
  });

  test('of the commands to end a server’s transfer only the newest is kept', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    const { serverId } = task;
    const body = { do: 'end-transfer', guestId: serverId } as const;
    for (const seq of [1, 2]) {
      const command = { hostId, serverId, body };
      await store.commit(toStep(task, 'guest-started', { command }));
      await store.commands.complete(hostId, seq, ok, { now: 5 });
    }
    expect(await store.commands.answer(hostId, 1)).toBeUndefined();
    expect(await store.commands.answer(hostId, 2)).toEqual(ok);
  });
}
