/** Suite for the actions of a server: what was done, and how it ended. */
import { expect, test } from 'vitest';
import { aBoot, aNewServer, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { ActionOutcome } from './store.ts';

export function storeActionsContract(fresh: () => Promise<OpenStore>): void {
  test('actions are newest first; an event that ends replaces the running one', async () => {
    const store = await (await fresh())();
    const { task: boot, ...newServer } = aNewServer();
    await store.servers.create({ ...newServer, task: boot });
    const task = { ...boot, epoch: 1 };
    const event = { name: 'spawn', startedAt: 5, details: null, host: 'host-1' };
    const running = { ...event, finishedAt: null, result: null };
    const failed = { ...event, finishedAt: 9, result: 'Error' as const, details: 'no KVM' };
    const earlier = { ...running, name: 'schedule', startedAt: 2 };
    await store.commit(toStep(task, 'guest-started', { events: [earlier, running] }));
    await store.commit(toStep(task, 'remove-guest', { events: [failed], actionMessage: 'no KVM' }));
    const deletion = { ...newServer.action, id: 'action-2', action: 'delete', startedAt: 2_000 };
    const own = { kind: 'delete', step: 'remove-guest', data: {} } as const;
    const deleteTask = { ...boot, id: 'task-2', ...own, actionId: 'action-2' };
    await store.tasks.begin(deleteTask, deletion, { taskState: 'deleting' });
    const actions = await store.servers.actions(boot.serverId);
    expect(actions).toEqual([
      { ...deletion, updatedAt: 2_000, message: null, outcome: null, events: [] },
      {
        ...newServer.action,
        message: 'no KVM',
        outcome: null,
        updatedAt: expect.any(Number) as number,
        events: [earlier, failed],
      },
    ]);
  });

  test('of a step that is repeated without end the newest events are kept, and those of other names', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const event = { startedAt: 1, finishedAt: 9, result: 'Error' as const, host: 'host-1' };
    const first = { ...event, name: 'schedule', details: null };
    const repeated = Array.from({ length: 180 }, (_, at) => ({
      ...event,
      name: 'remove',
      startedAt: at,
      details: 'x'.repeat(1_000),
    }));
    await store.commit(toStep(task, 'remove-guest', { events: [first] }));
    for (let at = 0; at < 180; at += 2) {
      await store.commit(toStep(task, 'remove-guest', { events: repeated.slice(at, at + 2) }));
    }
    const [action] = await store.servers.actions(task.serverId);
    expect(action?.events).toEqual([first, ...repeated.slice(-50)]);
  });

  test.each<{ outcome: ActionOutcome; message: string | null }>([
    { outcome: { is: 'ok' }, message: null },
    {
      outcome: { is: 'refused', kind: 'invalid', message: 'no VF is left' },
      message: 'no VF is left',
    },
    { outcome: { is: 'failed', kind: 'unavailable', message: 'no KVM' }, message: 'no KVM' },
  ])(
    'an action ends with the outcome of its workflow: $outcome.is',
    async ({ outcome, message }) => {
      const open = await fresh();
      const store = await open();
      const task = await aBoot(store);
      await store.commit(toStep(task, 'bind-ports'));
      const [running] = await store.servers.actions(task.serverId);
      expect(running).toMatchObject({ outcome: null, message: null });
      await store.commit({ task, next: null, outcome });
      expect(await (await open()).servers.actions(task.serverId)).toMatchObject([
        { outcome, message },
      ]);
    },
  );

  test('an action that is done at once is recorded with its fields, also while a workflow runs', async () => {
    const store = await (await fresh())();
    const { serverId } = await aBoot(store);
    const action = {
      id: 'action-2',
      serverId,
      action: 'lock',
      requestId: 'req-2',
      userId: 'user-1',
      projectId: 'project-1',
      startedAt: 9_000,
    };
    await store.servers.perform(action, 'api_lock', ({ name }) => ({
      locked: true,
      lockedBy: 'owner',
      lockedReason: `${name} is precious`,
    }));
    expect(await store.servers.get(serverId)).toMatchObject({
      locked: true,
      lockedBy: 'owner',
      lockedReason: 'web is precious',
      updatedAt: 9_000,
      taskState: 'scheduling',
    });
    const [newest] = await store.servers.actions(serverId);
    expect(newest).toMatchObject({
      ...action,
      outcome: { is: 'ok' },
      events: [{ name: 'api_lock', startedAt: 9_000, finishedAt: 9_000, result: 'Success' }],
    });
    await store.servers.perform({ ...action, id: 'action-3' }, 'api_lock', () => undefined);
    expect(await store.servers.actions(serverId)).toHaveLength(2);
    await expect(
      store.servers.perform({ ...action, serverId: 'none' }, null, () => ({})),
    ).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('a workflow that succeeds in the end keeps the message of its wait', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    await store.commit(toStep(task, 'bind-ports', { actionMessage: 'its host is silent' }));
    await store.commit({ task, next: null, outcome: { is: 'ok' } });
    expect(await store.servers.actions(task.serverId)).toMatchObject([
      { outcome: { is: 'ok' }, message: 'its host is silent' },
    ]);
  });
}
