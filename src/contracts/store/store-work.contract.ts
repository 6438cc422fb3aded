/** Suite for tasks and commands: each is worked on once, in order, and nothing waits for ever. */
import { describe, expect, test } from 'vitest';
import { aBoot, aHost, aNewServer, bootData, taskOf, toStep } from '#test/worlds/store-rows.ts';
import type { CommandResult } from '../host/host-link.ts';
import { leaseContract } from './store-lease.contract.ts';
import type { OpenStore } from './store.contract.ts';
import type { NewCommand, Store, StoredTask, Task } from './store.ts';

const leaseMs = 100;

export function storeWorkContract(fresh: () => Promise<OpenStore>): void {
  describe('leases', () => {
    leaseContract(fresh);
  });
  describe('take-over', () => {
    takeOverContract(fresh);
  });
  describe('commands', () => {
    commandContract(fresh);
  });
}

function takeOverContract(fresh: () => Promise<OpenStore>): void {
  /** Begins the deletion of the boot's server. */
  const beginDelete = (
    store: Store,
    boot: StoredTask,
    more: Pick<Task, 'request'> = {},
  ): Promise<Task<'delete'>> => {
    const actionId = crypto.randomUUID();
    const { action } = aNewServer({ id: boot.serverId });
    return store.tasks.begin(
      {
        id: crypto.randomUUID(),
        serverId: boot.serverId,
        kind: 'delete',
        step: 'remove-guest',
        data: {},
        actionId,
        dueAt: 1_000,
        ...more,
      },
      { ...action, id: actionId, action: 'delete' },
      { taskState: 'deleting' },
    );
  };

  test('a deletion during a boot starts when the running step has returned, and the boot commits nothing more', async () => {
    const open = await fresh();
    const [store, other] = [await open(), await open()];
    await aBoot(store);
    const [boot] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const deletion = await beginDelete(other, boot!);
    expect(deletion).toMatchObject({ kind: 'delete', epoch: boot!.epoch + 1 });
    expect(await other.tasks.of(boot!.serverId)).toEqual(deletion);
    expect(await other.servers.get(boot!.serverId)).toMatchObject({ taskState: 'deleting' });
    expect(await other.tasks.lease('b', 1_000, leaseMs, { limit: 1 })).toEqual([]);
    expect(
      await store.commit(toStep(boot!, 'guest-started', { server: { vmState: 'active' } })),
    ).toEqual({
      ok: false,
      why: 'superseded',
    });
    expect(await store.servers.get(boot!.serverId)).toMatchObject({ vmState: 'building' });
    await store.tasks.release(boot!, 'a');
    expect(await other.tasks.lease('b', 1_000, leaseMs, { limit: 1 })).toEqual([deletion]);
  });

  test('a deletion over a step that does not return starts when its lease expires: the lease is no longer renewed', async () => {
    const store = await (await fresh())();
    await aBoot(store);
    const [boot] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const deletion = await beginDelete(store, boot!);
    const running = [boot!.serverId];
    await store.tasks.renew('a', 9_000, running);
    const how = { limit: 1, running };
    expect(await store.tasks.lease('a', 1_000 + leaseMs - 1, leaseMs, how)).toEqual([]);
    const [leased] = await store.tasks.lease('a', 1_000 + leaseMs, leaseMs, how);
    expect(leased).toMatchObject({ id: deletion.id });
  });

  test('a deletion over a boot whose process died starts when its lease expires', async () => {
    const store = await (await fresh())();
    await aBoot(store);
    const [boot] = await store.tasks.lease('dead', 1_000, leaseMs, { limit: 1 });
    const deletion = await beginDelete(store, boot!);
    const [leased] = await store.tasks.lease('a', 1_000 + leaseMs, leaseMs, { limit: 1 });
    expect(leased).toEqual({ ...deletion, epoch: deletion.epoch + 1 });
  });

  test('an ended workflow is no task, commits nothing more, and the next one continues its epoch', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    expect(await store.commit({ task: boot, next: null })).toEqual({ ok: true });
    expect(await store.tasks.of(boot.serverId)).toBeUndefined();
    expect(await store.tasks.lease('a', 9_999, leaseMs, { limit: 1 })).toEqual([]);
    expect(await store.commit(toStep(boot, 'schedule'))).toEqual({ ok: false, why: 'superseded' });
    expect((await beginDelete(store, boot)).epoch).toBe(boot.epoch + 1);
  });

  test('a task keeps the request that it belongs to, also while another one takes it over', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    const request = { requestId: 'req-1', globalRequestId: 'req-2' };
    const deletion = await beginDelete(store, boot, { request });
    expect((await store.tasks.of(boot.serverId))?.request).toEqual(request);
    await beginDelete(store, deletion, { request: { requestId: 'req-3' } });
    expect((await store.tasks.of(boot.serverId))?.request).toEqual({ requestId: 'req-3' });
  });

  test('no workflow begins on a server that is unknown or deleted', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    await store.commit({ task: boot, next: null, server: { vmState: 'deleted', deletedAt: 5 } });
    await expect(beginDelete(store, boot)).rejects.toMatchObject({ kind: 'notFound' });
    const unknown = { ...boot, serverId: crypto.randomUUID() };
    await expect(beginDelete(store, unknown)).rejects.toMatchObject({ kind: 'notFound' });
  });
}

function commandContract(fresh: () => Promise<OpenStore>): void {
  const done: CommandResult = { ok: true, steps: [{ step: 'destroy', milliseconds: 3 }] };
  const failed: CommandResult = { ok: false, message: 'no KVM', detail: '…', steps: [] };

  /** The task gives its host a command and waits for the answer. Returns the command. */
  const order = async (
    store: Store,
    task: Task<'boot'>,
    { hostId, spawn = false }: { hostId: string; spawn?: boolean },
  ): Promise<NewCommand> => {
    const { serverId } = task;
    const guest = { id: serverId, name: 'instance-00000001' } as never;
    const command: NewCommand = {
      hostId,
      serverId,
      body: spawn ? { do: 'spawn', guest } : { do: 'destroy', guestId: serverId },
    };
    await store.commit({
      task,
      command,
      next: { step: 'guest-started', data: bootData, dueAt: null },
    });
    return command;
  };

  test('commands are numbered per host, and wait in order until they have a result', async () => {
    const open = await fresh();
    const [store, other] = [await open(), await open()];
    const [one, two] = [await aHost(store, []), await aHost(store, [], 'host-2')];
    const [a, b] = [await aBoot(store), await aBoot(other)];
    const first = await order(store, a, { hostId: one, spawn: true });
    const second = await order(other, b, { hostId: one });
    const elsewhere = await order(store, a, { hostId: two });
    const waiting = [
      { seq: 1, serverId: a.serverId, body: first.body },
      { seq: 2, serverId: b.serverId, body: second.body },
    ];
    expect(await other.commands.pending(one)).toEqual(waiting);
    expect(await store.commands.pending(two)).toEqual([{ ...waiting[0], body: elsewhere.body }]);
    await store.commands.complete(one, 1, done, { now: 5 });
    await store.close();
    expect(await (await open()).commands.pending(one)).toEqual([waiting[1]]);
  });

  test('a command without a waiting task is sent once, and again when it has a result', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const { serverId } = await aBoot(store);
    const destroy: NewCommand = { hostId, serverId, body: { do: 'destroy', guestId: serverId } };
    await store.commands.issue(destroy);
    await store.commands.issue(destroy);
    expect(await store.commands.pending(hostId)).toMatchObject([{ seq: 1, body: destroy.body }]);
    await store.commands.complete(hostId, 1, failed, { now: 5 });
    await store.commands.issue(destroy);
    expect(await store.commands.pending(hostId)).toMatchObject([{ seq: 2, serverId }]);
  });

  test('a result makes the parked task due; a second result for the same command changes nothing', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    expect(await store.tasks.lease('a', 9_999, leaseMs, { limit: 1 })).toEqual([]);
    await store.commands.complete(hostId, 1, done, { now: 5 });
    const woken = { ...task, step: 'guest-started', dueAt: 5 };
    expect(await store.tasks.of(task.serverId)).toEqual(woken);
    await store.commands.complete(hostId, 1, failed, { now: 8 });
    expect(await store.tasks.of(task.serverId)).toEqual(woken);
    expect(await store.commands.last(task.serverId, 'destroy')).toEqual({
      kind: 'destroy',
      hostId,
      seq: 1,
      serverId: task.serverId,
      result: done,
    });
  });

  test('a command and a query have the request that they belong to', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, { ...task, request: { requestId: 'req-1' } }, { hostId });
    const { serverId } = task;
    const body = { do: 'counters', guestId: serverId } as const;
    await store.commands.ask({ hostId, serverId, body, requestId: 'req-2' });
    const pending = await store.commands.pending(hostId);
    expect(pending.map(({ requestId }) => requestId)).toEqual(['req-1', 'req-2']);
  });

  test('a commit returns its command as its host will read it', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    const body = { do: 'destroy', guestId: task.serverId } as const;
    const command = { hostId, serverId: task.serverId, body };
    const next = { step: 'guest-started', data: bootData, dueAt: null } as const;
    const committed = await store.commit({ task, command, next });
    expect(committed).toEqual({ ok: true, command: (await store.commands.pending(hostId))[0] });
  });

  test('the result of an older command does not wake a task that waits for a newer one', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId, spawn: true });
    await order(store, task, { hostId });
    await store.commands.complete(hostId, 1, done, { now: 5 });
    expect((await store.tasks.of(task.serverId))?.dueAt).toBeNull();
    await store.commands.complete(hostId, 2, done, { now: 6 });
    expect((await store.tasks.of(task.serverId))?.dueAt).toBe(6);
  });

  test('a result with a lease makes the task due for that owner only', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    const lease = { owner: 'a', until: 105 };
    const leased = await store.commands.complete(hostId, 1, done, { now: 5, lease });
    expect(leased).toEqual({
      task: await store.tasks.of(task.serverId),
      answer: await store.commands.last(task.serverId, 'destroy'),
    });
    expect(leased?.task).toMatchObject({ dueAt: 5, epoch: task.epoch });
    expect(await store.tasks.lease('b', 104, leaseMs, { limit: 1 })).toEqual([]);
    expect(await store.tasks.lease('b', 105, leaseMs, { limit: 1 })).toMatchObject([
      { id: task.id, epoch: task.epoch + 1 },
    ]);
    // The same result again: nothing is due by it.
    const again = await store.commands.complete(hostId, 1, done, { now: 300, lease });
    expect(again).toBeUndefined();
  });

  test('a result makes a task due, but does not lease one that another owner holds', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    await aBoot(store);
    const [task] = await store.tasks.lease('b', 1_000, leaseMs, { limit: 1 });
    // It parks, and its owner has not released it yet.
    await order(store, taskOf('boot', task), { hostId });
    const lease = { owner: 'a', until: 2_000 };
    const leased = await store.commands.complete(hostId, 1, done, { now: 1_005, lease });
    expect(leased).toBeUndefined();
    expect((await store.tasks.of(task!.serverId))?.dueAt).toBe(1_005);
    await store.commit(toStep(task!, 'wait-for-plug'));
  });

  test('the answer to an older command comes with no task as its answer', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId, spawn: true });
    await order(store, task, { hostId });
    await store.commands.complete(hostId, 2, done, { now: 5 });
    const later = Date.now() + 60_000;
    await store.commit({ task, next: { step: 'wait-for-plug', data: bootData, dueAt: later } });
    const lease = { owner: 'a', until: 105 };
    expect(await store.commands.complete(hostId, 1, done, { now: 6, lease })).toEqual({
      task: await store.tasks.of(task.serverId),
      answer: undefined,
    });
  });

  test('a task that parks when the result already exists is due at once', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    await store.commands.complete(hostId, 1, done, { now: 5 });
    await store.commit({ task, next: { step: 'guest-started', data: bootData, dueAt: null } });
    expect((await store.tasks.of(task.serverId))?.dueAt).toEqual(expect.any(Number));
  });

  test('a task that is due later and awaits the answer is due at once when it already exists', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    const later = Date.now() + 60_000;
    const next = {
      step: 'guest-started',
      data: bootData,
      dueAt: later,
      awaitsAnswer: true,
    } as const;
    const dueAt = async () => (await store.tasks.of(task.serverId))?.dueAt;
    await store.commit({ task, next });
    expect(await dueAt()).toBe(later);
    await store.commands.complete(hostId, 1, done, { now: 5 });
    expect(await dueAt()).toBe(5);
    await store.commit({ task, next: { ...next, awaitsAnswer: false } });
    expect(await dueAt()).toBe(later);
    await store.commit({ task, next });
    expect(await dueAt()).toBeLessThan(later);
  });

  const ask = (store: Store, hostId: string, { serverId }: Task): Promise<number> =>
    store.commands.ask({
      hostId,
      serverId,
      body: { do: 'console', guestId: serverId, lines: 5 },
    });

  test('a query waits for its host among the commands, and is answered once', async () => {
    const open = await fresh();
    const [store, other] = [await open(), await open()];
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    const seq = await ask(other, hostId, task);
    const body = { do: 'console', guestId: task.serverId, lines: 5 };
    const { serverId } = task;
    expect((await store.commands.pending(hostId))[1]).toEqual({ seq, serverId, body });
    expect(await other.commands.answer(hostId, seq)).toBeUndefined();
    const reported: CommandResult = { ok: true, steps: [], output: 'login:' };
    await store.commands.complete(hostId, seq, reported, { now: 5 });
    await store.commands.complete(hostId, seq, failed, { now: 6 });
    expect(await other.commands.answer(hostId, seq)).toEqual(reported);
  });

  test('a query neither wakes nor delays a task that waits for its command', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    const [early, late] = [await ask(store, hostId, task), await ask(store, hostId, task)];
    await store.commands.complete(hostId, early, done, { now: 5 });
    expect((await store.tasks.of(task.serverId))?.dueAt).toBeNull();
    await store.commands.complete(hostId, 1, done, { now: 6 });
    expect((await store.tasks.of(task.serverId))?.dueAt).toBe(6);
    await store.commit({ task, next: { step: 'wait-for-plug', data: bootData, dueAt: 9_000 } });
    await store.commands.complete(hostId, late, done, { now: 7 });
    expect((await store.tasks.of(task.serverId))?.dueAt).toBe(9_000);
  });

  test('a deleted query is neither sent nor answered, and no command is deleted with it', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    await order(store, task, { hostId });
    const [first, second] = [await ask(store, hostId, task), await ask(store, hostId, task)];
    await store.commands.forget(hostId, first);
    await store.commands.complete(hostId, first, done, { now: 5 });
    expect(await store.commands.answer(hostId, first)).toBeUndefined();
    await store.commands.forget(hostId, 1);
    const waiting = async () => (await store.commands.pending(hostId)).map(({ seq }) => seq);
    expect(await waiting()).toEqual([1, second]);
    await store.commands.forgetQuestions();
    expect(await waiting()).toEqual([1]);
  });

  test('the domain XML is that of the newest spawn that succeeded', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    expect(await store.servers.domainXml(task.serverId)).toBeUndefined();
    const results: CommandResult[] = [
      { ok: true, domainXml: '<domain/>', steps: [] },
      { ok: true, domainXml: '<domain>2</domain>', steps: [] },
      failed,
    ];
    for (const [index, result] of results.entries()) {
      await order(store, task, { hostId, spawn: true });
      await store.commands.complete(hostId, index + 1, result, { now: 5 });
    }
    expect(await store.servers.domainXml(task.serverId)).toBe('<domain>2</domain>');
    expect((await store.commands.last(task.serverId, 'spawn'))?.result).toEqual(failed);
  });

  test('a command for an unknown host is refused, and its step too', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    await expect(order(store, task, { hostId: 'none' })).rejects.toMatchObject({
      kind: 'notFound',
    });
    expect((await store.tasks.of(task.serverId))?.step).toBe('schedule');
  });
}
