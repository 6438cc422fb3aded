/** Suite for leases: each due task has one worker at a time, and no lease lasts for ever. */
import { expect, test } from 'vitest';
import { aBoot, aHost, aNewServer, bootData, taskOf, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { Task } from './store.ts';

const leaseMs = 100;

type Boot = Task<'boot'>;
type Five = [Boot, Boot, Boot, Boot, Boot];

export function leaseContract(fresh: () => Promise<OpenStore>): void {
  test('each due task is leased once, though two connections poll concurrently', async () => {
    const open = await fresh();
    const [first, second] = [await open(), await open()];
    const boots = [];
    for (let count = 0; count < 10; count++) boots.push(await aBoot(first));
    const leases = await Promise.all([
      first.tasks.lease('a', 1_000, leaseMs, { limit: 4 }),
      second.tasks.lease('b', 1_000, leaseMs, { limit: 4 }),
      first.tasks.lease('a', 1_000, leaseMs, { limit: 4 }),
      second.tasks.lease('b', 1_000, leaseMs, { limit: 4 }),
    ]);
    const leased = leases.flat().map((task) => task.serverId);
    expect(leased.toSorted()).toEqual(boots.map((boot) => boot.serverId).toSorted());
    expect(await first.tasks.lease('a', 1_000, leaseMs, { limit: 4 })).toEqual([]);
  });

  test('the task that is due longest is first; one that is not due yet is not leased', async () => {
    const store = await (await fresh())();
    const [late, early, next] = [await aBoot(store), await aBoot(store), await aBoot(store)];
    for (const [task, dueAt] of [
      [late, 5_000],
      [early, 10],
      [next, 20],
    ] as const) {
      await store.commit({ task, next: { step: 'schedule', data: bootData, dueAt } });
    }
    const leased = await store.tasks.lease('a', 1_000, leaseMs, { limit: 10 });
    expect(leased.map((task) => task.id)).toEqual([early.id, next.id]);
  });

  test('tasks are counted by what they wait for, with the oldest of each', async () => {
    const store = await (await fresh())();
    const boots = [];
    for (let count = 0; count < 5; count++) boots.push(await aBoot(store));
    const [running, host, waiting, ended, queued] = boots as Five;
    const body = { do: 'destroy', guestId: host.serverId } as const;
    const command = { hostId: await aHost(store, []), serverId: host.serverId, body };
    await store.commit({
      task: host,
      next: { step: 'guest-started', data: bootData, dueAt: null },
      command,
    });
    for (const [task, next] of [
      [running, { step: 'schedule', data: bootData, dueAt: 10 }],
      [waiting, { step: 'wait-for-plug', data: bootData, dueAt: 9_000 }],
      [ended, null],
      [queued, { step: 'bind-ports', data: bootData, dueAt: 1_000 }],
    ] as const) {
      await store.commit({ task, next });
    }
    await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const counts = { running: 1, host: 1, waiting: 1, queued: 1 };
    const { oldest, ...rest } = await store.tasks.overview(1_050, 3);
    expect(rest).toEqual({ counts });
    expect(oldest).toHaveLength(3);
    const all = (await store.tasks.overview(1_050, 9)).oldest;
    expect(all).toHaveLength(4);
    expect(all).toContainEqual({
      serverId: host.serverId,
      kind: 'boot',
      step: 'guest-started',
      state: 'host',
      startedAt: expect.any(Number),
      dueAt: null,
    });
    const stateOf = (id: string) => all.find(({ serverId }) => serverId === id)?.state;
    expect(stateOf(running.serverId)).toBe('running');
    expect((await store.tasks.overview(1_000 + leaseMs, 9)).counts).toEqual({
      ...counts,
      ...{ running: 0, queued: 2 },
    });
  });

  test('a postponed task is free, and due later; of another owner or epoch it is not', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    await store.tasks.lease('a', 1_000, 600_000, { limit: 1 });
    const next = () => store.tasks.lease('b', 5_000, leaseMs, { limit: 1 });
    await store.tasks.postpone(boot, { owner: 'b', until: 5_000 });
    await store.tasks.postpone({ ...boot, epoch: 7 }, { owner: 'a', until: 5_000 });
    expect(await next()).toEqual([]);
    await store.tasks.postpone(boot, { owner: 'a', until: 5_000 });
    expect(await store.tasks.lease('b', 4_999, leaseMs, { limit: 1 })).toEqual([]);
    expect(await next()).toEqual([{ ...boot, dueAt: 5_000 }]);
  });

  test('a released task is leased again, with the state that the step passed on', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    const [task] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    expect(task).toEqual(boot);
    await store.commit({
      task: boot,
      next: { step: 'bind-ports', data: { ...bootData, attempt: 2 }, dueAt: 9 },
    });
    expect(await store.tasks.lease('b', 1_000, leaseMs, { limit: 1 })).toEqual([]);
    await store.tasks.release(boot, 'b');
    expect(await store.tasks.lease('b', 1_000, leaseMs, { limit: 1 })).toEqual([]);
    await store.tasks.release(boot, 'a');
    expect(await store.tasks.lease('b', 1_000, leaseMs, { limit: 1 })).toEqual([
      { ...boot, step: 'bind-ports', data: { ...bootData, attempt: 2 }, dueAt: 9 },
    ]);
  });

  test('a commit with a lease keeps the task for its owner when the next step is due', async () => {
    const store = await (await fresh())();
    await aBoot(store);
    const [task] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const lease = { owner: 'a', until: 2 * leaseMs + 1_000 };
    const due = toStep(task!, 'bind-ports');
    expect(await store.commit({ ...due, lease })).toEqual({ ok: true, isDue: true });
    expect(await store.tasks.lease('b', 1_000 + leaseMs, leaseMs, { limit: 1 })).toEqual([]);
    // After that time another takes over, and the first commits nothing more.
    const [heir] = await store.tasks.lease('b', lease.until, leaseMs, { limit: 1 });
    expect(heir).toMatchObject({ step: 'bind-ports', epoch: task!.epoch + 1 });
    const refusal = { ok: false, why: 'superseded' };
    expect(await store.commit({ ...toStep(task!, 'guest-started'), lease })).toEqual(refusal);
  });

  test('a commit with a lease releases a task that ends or waits', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    const [task] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const lease = { owner: 'a', until: 1_000 + leaseMs };
    const later = { step: 'guest-started', data: bootData, dueAt: Date.now() + 60_000 } as const;
    const parked = await store.commit({ task: taskOf('boot', task), next: later, lease });
    expect(parked).toEqual({ ok: true, isDue: false });
    const [next] = await store.tasks.lease('b', later.dueAt, leaseMs, { limit: 1 });
    // Released, not taken over: the epoch is the same.
    expect(next).toEqual({ ...task, ...later });
    const ended = await store.commit({
      task: taskOf('boot', next),
      next: null,
      outcome: { is: 'ok' },
      lease,
    });
    expect(ended).toEqual({ ok: true, isDue: false });
    expect(await store.tasks.of(boot.serverId)).toBeUndefined();
  });

  test('when a lease expires another takes the task, and the first can neither commit nor release it', async () => {
    const store = await (await fresh())();
    await aBoot(store);
    const [stuck] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    expect(await store.tasks.lease('a', 1_000 + leaseMs - 1, leaseMs, { limit: 1 })).toEqual([]);
    const [heir] = await store.tasks.lease('a', 1_000 + leaseMs, leaseMs, { limit: 1 });
    expect(heir?.epoch).toBe(stuck!.epoch + 1);
    expect(await store.commit(toStep(stuck!, 'bind-ports'))).toEqual({
      ok: false,
      why: 'superseded',
    });
    await store.tasks.release(stuck!, 'a');
    expect(await store.tasks.lease('b', 1_000 + leaseMs, leaseMs, { limit: 1 })).toEqual([]);
    expect(await store.commit(toStep(heir!, 'bind-ports'))).toEqual({ ok: true });
  });

  test('a renewed lease lasts from then on; another owner cannot renew it', async () => {
    const store = await (await fresh())();
    const { serverId } = await aBoot(store);
    await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    await store.tasks.renew('b', 9_000, [serverId]);
    await store.tasks.renew('a', 1_000 + 2 * leaseMs, [serverId]);
    const last = 1_000 + 2 * leaseMs - 1;
    expect(await store.tasks.lease('b', last, leaseMs, { limit: 1 })).toEqual([]);
    const [heir] = await store.tasks.lease('b', last + 1, leaseMs, { limit: 1 });
    expect(heir).toMatchObject({ serverId, epoch: 2 });
  });

  test('an owner does not take a task that it runs itself, even after its lease', async () => {
    const store = await (await fresh())();
    const { serverId } = await aBoot(store);
    const other = await aBoot(store);
    await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    const running = [serverId];
    const leased = await store.tasks.lease('a', 9_000, leaseMs, { limit: 2, running });
    expect(leased).toEqual([other]);
    const [heir] = await store.tasks.lease('b', 9_000, leaseMs, { limit: 2, running });
    expect(heir).toMatchObject({ serverId, epoch: 2 });
  });

  test('a task is current until its epoch changes, or it ends', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const isCurrent = (epoch: number) => store.tasks.isCurrent({ serverId: task.serverId, epoch });
    expect([await isCurrent(1), await isCurrent(2)]).toEqual([true, false]);
    await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    expect(await isCurrent(1)).toBe(true);
    const [taken] = await store.tasks.lease('b', 2_000 + leaseMs, leaseMs, { limit: 1 });
    expect([await isCurrent(1), await isCurrent(2)]).toEqual([false, true]);
    await store.commit({ task: taken as Task, next: null });
    expect(await isCurrent(2)).toBe(false);
    expect(await store.tasks.isCurrent({ serverId: 'none', epoch: 1 })).toBe(false);
  });

  test('a task may be created with a lease: its owner decides how it continues, even as another workflow', async () => {
    const store = await (await fresh())();
    const created = aNewServer();
    const lease = { owner: 'req-1', until: 1_000 + leaseMs };
    const own = { ...created.task, kind: 'delete', step: 'remove-guest', data: {} } as const;
    await store.servers.create({ ...created, task: { ...own, lease } });
    const task: Task<'delete'> = { ...own, epoch: 1 };
    expect(await store.tasks.of(task.serverId)).toEqual(task);
    expect(await store.tasks.lease('a', 1_000 + leaseMs - 1, leaseMs, { limit: 1 })).toEqual([]);
    const next = { kind: 'boot', step: 'schedule', data: bootData, dueAt: 1_000 } as const;
    expect(await store.commit({ task, next })).toEqual({ ok: true });
    await store.tasks.release(task, 'req-1');
    expect(await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 })).toEqual([
      { ...task, ...next },
    ]);
  });

  test('an owner whose lease from creation has expired finds its task with another', async () => {
    const store = await (await fresh())();
    const created = aNewServer();
    const lease = { owner: 'req-1', until: 1_000 + leaseMs };
    await store.servers.create({ ...created, task: { ...created.task, lease } });
    const [heir] = await store.tasks.lease('a', 1_000 + leaseMs, leaseMs, { limit: 1 });
    expect(heir).toEqual({ ...created.task, epoch: 2 });
    const late = { task: { ...created.task, epoch: 1 }, next: null };
    expect(await store.commit(late)).toEqual({ ok: false, why: 'superseded' });
  });

  test('a workflow may begin with a lease of its own while the lease of the step before stands', async () => {
    const store = await (await fresh())();
    await aBoot(store);
    const [boot] = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    await store.commit({ task: taskOf('boot', boot), next: null });
    const { serverId, actionId, dueAt } = boot!;
    const lease = { owner: 'req-1', until: 1_000 + leaseMs };
    const own = { id: crypto.randomUUID(), serverId, actionId, dueAt, lease };
    const created = {
      ...own,
      kind: 'detach',
      step: 'detach-nic',
      data: { nicId: 'n' },
    } as const;
    const task = await store.tasks.begin(created, null, {}, { onlyIdle: true });
    await store.tasks.release(boot!, 'a');
    expect(await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 })).toEqual([]);
    await store.tasks.release(task, 'req-1');
    expect(await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 })).toEqual([task]);
  });

  test('a process that is the only one releases every lease', async () => {
    const store = await (await fresh())();
    const boot = await aBoot(store);
    const [former] = await store.tasks.lease('dead', 1_000, leaseMs, { limit: 1 });
    await store.tasks.releaseAll();
    const leased = await store.tasks.lease('a', 1_000, leaseMs, { limit: 1 });
    expect(leased).toEqual([{ ...boot, epoch: boot.epoch + 1 }]);
    const late = await store.commit({ task: taskOf('boot', former), next: null });
    expect(late).toEqual({ ok: false, why: 'superseded' });
  });
}
