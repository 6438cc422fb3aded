/**
 * A controller dies between any two writes of a workflow of three steps: another one continues when
 * the lease expires, each step is recorded once, and later writes of the dead one are refused.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store, TaskStepOf } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { silentLog } from '#test/silent-log.ts';
import { aBoot, aHost, bootData } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from './context.ts';
import { DirectTasks } from './direct-tasks.ts';
import { startDispatcher } from './dispatcher.ts';
import { type StepOutcome, assertCurrent, type Workflow } from './workflow.ts';

type Step = TaskStepOf['boot'];

const leaseMs = 1_000;
const order = ['schedule', 'bind-ports', 'guest-started'] as const satisfies Step[];

let store: Store;
let time: { now: number };
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  time = { now: 1_000 };
  stops = [];
  ({ store } = await migratedStore(':memory:', { clock: { now: () => time.now } }));
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await store.close();
});

interface Controller {
  owner: string;
  /** Called at each point at which a process may die. */
  at?: (point: string, step: Step) => Promise<void>;
}

/** Starts one; the outside effects of its steps are in `effects`, by owner. */
function start({ owner, at = async () => undefined }: Controller, effects: string[]): void {
  let running: Step = 'schedule';
  const own: Store = {
    ...store,
    // A process that is dead renews no lease, and one that works here is never slow.
    tasks: { ...store.tasks, renew: async () => undefined },
    commit: async (transition) => {
      const step = running;
      await at('before the commit', step);
      const result = await store.commit(transition);
      await at('after the commit', step);
      return result;
    },
  };
  const wakeup = { notify: () => undefined, listen: () => () => undefined };
  const clock = { now: () => time.now };
  const context = {
    store: own,
    clock,
    wakeup,
    log: silentLog,
    direct: new DirectTasks(),
  } as unknown as WorkflowContext;
  const steps = order.map((name, index) => [
    name,
    {
      run: async (ctx: WorkflowContext, task: { serverId: string; epoch: number }) => {
        running = name;
        await at('before the effect', name);
        await assertCurrent(ctx, task);
        effects.push(`${owner}: ${name}`);
        await at('after the effect', name);
        const next = order[index + 1];
        const outcome: StepOutcome<'boot'> = {
          events: [
            { name, startedAt: time.now, finishedAt: 1, result: null, details: null, host: null },
          ],
          ...(next === undefined
            ? { server: { vmState: 'active' }, outcome: { is: 'ok' }, next: null }
            : { next: { step: next, data: bootData, dueAt: 0 } }),
        };
        return outcome;
      },
    },
  ]);
  const toy = {
    steps: Object.fromEntries(steps) as Workflow<'boot'>['steps'],
    failed: async (_context: unknown, _task: unknown, { kind, message }: ComputeError) => ({
      server: { vmState: 'error' },
      outcome: { is: 'failed', kind, message },
      next: null,
    }),
  };
  const workflows = new Proxy({} as never, { get: () => toy });
  const options = { owner, workflows, concurrency: 1, leaseMs, pollMs: 5 };
  const dispatcher = startDispatcher(context, options);
  stops.push(() => dispatcher.stop());
}

const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 5 });
const ended = (serverId: string) =>
  until(async () => expect(await store.tasks.of(serverId)).toBeUndefined());

const points = ['before the effect', 'after the effect', 'before the commit', 'after the commit'];
test.each(order.flatMap((step) => points.map((point) => ({ step, point }))))(
  'a controller dies $point of $step',
  async ({ step, point }) => {
    const effects: string[] = [];
    const dead = Promise.withResolvers<void>();
    const died = Promise.withResolvers<void>();
    start(
      {
        owner: 'first',
        at: async (where, which) => {
          if (where !== point || which !== step) return;
          died.resolve();
          await dead.promise;
        },
      },
      effects,
    );
    const { serverId } = await aBoot(store);
    await died.promise;
    const before = effects.length;
    start({ owner: 'second' }, effects);
    // No other takes it before the lease has expired.
    time.now += leaseMs - 1;
    expect(await store.tasks.lease('third', time.now, leaseMs, { limit: 1 })).toEqual([]);
    time.now += 1;
    if (point === 'after the commit' && step === 'guest-started') dead.resolve();
    await ended(serverId);
    const isRecorded = point === 'after the commit';
    const repeated = order.slice(order.indexOf(step) + (isRecorded ? 1 : 0));
    expect(effects.slice(before)).toEqual(repeated.map((name) => `second: ${name}`));
    // The first one turns out to be alive, and does nothing more.
    dead.resolve();
    for (const stop of stops.splice(0)) await stop();
    expect(effects).toHaveLength(before + repeated.length);
    expect(await store.servers.get(serverId)).toMatchObject({ vmState: 'active' });
    const [action] = await store.servers.actions(serverId);
    expect(action?.outcome).toEqual({ is: 'ok' });
    expect(action?.events.map(({ name }) => name)).toEqual(order);
  },
);

test('a commit that the store refuses fails its step', async () => {
  const effects: string[] = [];
  const commit = store.commit.bind(store);
  store.commit = async (transition) => {
    if (transition.next?.step === 'guest-started') {
      throw new ComputeError('conflict', 'port p is in use by another server');
    }
    return commit(transition);
  };
  start({ owner: 'first' }, effects);
  const { serverId } = await aBoot(store);
  await ended(serverId);
  expect(await store.servers.get(serverId)).toMatchObject({ vmState: 'error' });
  const [action] = await store.servers.actions(serverId);
  expect(action?.outcome).toMatchObject({ is: 'failed', kind: 'conflict' });
  expect(effects).toEqual(['first: schedule', 'first: bind-ports']);
});

test('two servers, one host: the second claim sees the first, and neither is lost', async () => {
  const hostId = await aHost(store, []);
  const first = await aBoot(store);
  const second = await aBoot(store);
  const { generation } = (await store.hosts.get(hostId))!;
  const host = { hostId, generation, vcpusUsed: 1 };
  expect(await store.commit({ task: first, host, next: null })).toEqual({ ok: true });
  expect(await store.commit({ task: second, host, next: null })).toEqual({
    ok: false,
    why: 'stale-host',
  });
  expect(await store.tasks.of(second.serverId)).toMatchObject({ step: 'schedule' });
});
