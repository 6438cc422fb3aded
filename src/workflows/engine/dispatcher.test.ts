/**
 * The dispatcher with toy workflows over a real store: one step of a task runs at a time, and its
 * result is recorded once.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NextStep, Store, Task, TaskStepOf } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { silentLog } from '#test/silent-log.ts';
import { aBoot, aHost, bootData } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from './context.ts';
import { DirectTasks } from './direct-tasks.ts';
import { startDispatcher } from './dispatcher.ts';
import { failedBy, succeeded } from './endings.ts';
import { assertCurrent, type StepOutcome, type WorkflowStep } from './workflow.ts';

const leaseMs = 150;
const concurrency = 4;

let store: Store;
let time: { now: number };
let context: WorkflowContext;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  time = { now: 1_000 };
  stops = [];
  const clock = { now: () => time.now };
  ({ store } = await migratedStore(':memory:', { clock }));
  const wakeup = { notify: () => undefined, listen: () => () => undefined };
  context = {
    store,
    clock,
    wakeup,
    log: silentLog,
    direct: new DirectTasks(),
  } as unknown as WorkflowContext;
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await store.close();
});

type Step = WorkflowStep<'boot'>['run'];
type Outcome = StepOutcome<'boot'>;

const ends = { outcome: succeeded, next: null } as const;

const at = (step: TaskStepOf['boot'], dueAt: number | null = 0): NextStep<'boot'> => ({
  step,
  data: bootData,
  dueAt,
});
const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 30_000, interval: 5 });
const ended = (task: Task) =>
  until(async () => expect(await store.tasks.of(task.serverId)).toBeUndefined());

/**
 * Dispatches boots of these steps; the first is `schedule`. The clock runs with the machine's, from
 * the test's start.
 */
function dispatch(
  steps: Partial<Record<TaskStepOf['boot'], Step>>,
  how: { faultPauseMs?: number } = {},
) {
  const toy = {
    steps: Object.fromEntries(Object.entries(steps).map(([name, run]) => [name, { run }])),
    failed: async (_context: unknown, _task: unknown, error: ComputeError): Promise<Outcome> => ({
      server: { vmState: 'error' },
      outcome: failedBy(error),
      next: null,
    }),
  };
  const workflows = new Proxy({} as never, { get: () => toy });
  const dispatcher = startDispatcher(context, {
    owner: 'here',
    workflows,
    concurrency,
    leaseMs,
    pollMs: 10,
    ...how,
  });
  stops.push(() => dispatcher.stop());
}

function letTimePass(): void {
  const timer = setInterval(() => {
    time.now += 10;
  }, 10);
  stops.push(async () => clearInterval(timer));
}

/** A step that is held until it is released. */
function heldStep(outcome: Outcome) {
  const go = Promise.withResolvers<void>();
  const runs: Task[] = [];
  const run = async (_context: WorkflowContext, task: Task<'boot'>): Promise<Outcome> => {
    runs.push(task);
    await go.promise;
    return outcome;
  };
  return { run, runs, go: go.resolve };
}

test('a step that outlasts its lease many times runs once, and its result is recorded', async () => {
  letTimePass();
  const held = heldStep({ server: { vmState: 'active' }, ...ends });
  dispatch({ schedule: held.run });
  const boot = await aBoot(store);
  await until(() => expect(time.now).toBeGreaterThan(1_000 + 10 * leaseMs));
  expect(held.runs).toHaveLength(1);
  held.go();
  await ended(boot);
  expect(held.runs).toHaveLength(1);
  expect(await store.servers.get(boot.serverId)).toMatchObject({ vmState: 'active' });
});

test('the lease is renewed while the step runs, so that no other controller takes the task', async () => {
  letTimePass();
  const held = heldStep(ends);
  dispatch({ schedule: held.run });
  const boot = await aBoot(store);
  const end = 1_000 + 10 * leaseMs;
  await until(async () => {
    // As another controller sees it just before a lease of the start would have expired.
    if (held.runs.length > 0) {
      expect(await store.tasks.lease('there', time.now, leaseMs, { limit: 4 })).toEqual([]);
    }
    expect(time.now).toBeGreaterThan(end);
  });
  held.go();
  await ended(boot);
});

test('the clock jumps past the lease: the step still runs once', async () => {
  const held = heldStep({ server: { vmState: 'active' }, ...ends });
  dispatch({ schedule: held.run });
  const boot = await aBoot(store);
  await until(() => expect(held.runs).toHaveLength(1));
  time.now += 4 * 3_600_000;
  const other = await aBoot(store);
  // The dispatcher has polled with the new time once another task was taken.
  await until(() => expect(held.runs.map(({ serverId }) => serverId)).toContain(other.serverId));
  expect(held.runs).toHaveLength(2);
  held.go();
  await ended(boot);
  expect(await store.servers.get(boot.serverId)).toMatchObject({ vmState: 'active' });
});

test('a step whose host changed during it runs again with the new state', async () => {
  const hostId = await aHost(store, []);
  const seen: number[] = [];
  const run = async (): Promise<Outcome> => {
    const { generation } = (await store.hosts.get(hostId))!;
    seen.push(generation);
    if (seen.length === 1) await store.hosts.update({ hostId, generation, vcpusUsed: 1 });
    return { host: { hostId, generation, vcpusUsed: 2 }, ...ends };
  };
  const leases = vi.spyOn(store.tasks, 'lease');
  dispatch({ schedule: run });
  await ended(await aBoot(store));
  // At once, under the same lease.
  const leased = await Promise.all(leases.mock.results.map(({ value }) => value));
  expect(leased.flat()).toHaveLength(1);
  expect(seen).toHaveLength(2);
  expect(seen[1]).toBe(seen[0]! + 1);
  expect(await store.hosts.get(hostId)).toMatchObject({ vcpusUsed: 2 });
});

test('a step stops before its next outside effect when another workflow took over its server', async () => {
  const held = heldStep(ends);
  const effects: string[] = [];
  const run = async (ctx: WorkflowContext, task: Task<'boot'>): Promise<Outcome> => {
    await held.run(ctx, task);
    await assertCurrent(ctx, task);
    effects.push('bound');
    return { server: { vmState: 'active' }, ...ends };
  };
  dispatch({
    schedule: run,
    'remove-guest': async () => ({ server: { vmState: 'deleted' }, ...ends }),
  });
  const boot = await aBoot(store);
  await until(() => expect(held.runs).toHaveLength(1));
  const { epoch: _, ...rest } = boot;
  const deletion = { kind: 'delete', step: 'remove-guest', data: {} } as const;
  await store.tasks.begin({ ...rest, id: crypto.randomUUID(), ...deletion }, null, {});
  held.go();
  await ended(boot);
  expect(effects).toEqual([]);
  expect(await store.servers.get(boot.serverId)).toMatchObject({ vmState: 'deleted' });
});

test('a step that throws fails its workflow with its message', async () => {
  const run = async (): Promise<Outcome> => {
    throw new ComputeError('unavailable', 'the network service does not answer');
  };
  dispatch({ schedule: run });
  const boot = await aBoot(store);
  await ended(boot);
  expect(await store.servers.get(boot.serverId)).toMatchObject({ vmState: 'error' });
  const [action] = await store.servers.actions(boot.serverId);
  expect(action).toMatchObject({ message: 'the network service does not answer' });
});

test('a parked step runs once its host has a result, and not before', async () => {
  const hostId = await aHost(store, []);
  const body = { do: 'destroy', guestId: 'guest' } as const;
  const answered: unknown[] = [];
  dispatch({
    schedule: async (_context, { serverId }) => ({
      command: { hostId, serverId, body },
      next: at('guest-started', null),
    }),
    'guest-started': async (_context, { serverId }) => {
      answered.push((await store.commands.last(serverId, 'destroy'))?.result);
      return ends;
    },
  });
  const boot = await aBoot(store);
  await until(async () =>
    expect(await store.tasks.of(boot.serverId)).toMatchObject({ step: 'guest-started' }),
  );
  const other = await aBoot(store);
  await until(async () =>
    expect(await store.tasks.of(other.serverId)).toMatchObject({ step: 'guest-started' }),
  );
  expect(answered).toEqual([]);
  const [command] = await store.commands.pending(hostId);
  await store.commands.complete(hostId, command!.seq, { ok: true, steps: [] }, { now: time.now });
  await ended(boot);
  expect(answered).toEqual([{ ok: true, steps: [] }]);
});

test('a commit of a controller that lost its lease is refused', async () => {
  const held = heldStep({ server: { vmState: 'active' }, ...ends });
  dispatch({ schedule: held.run });
  const boot = await aBoot(store);
  await until(() => expect(held.runs).toHaveLength(1));
  // This process was suspended for longer than the lease: it did not renew it.
  const [taken] = await store.tasks.lease('there', time.now + 10 * leaseMs, leaseMs, { limit: 1 });
  expect(taken).toMatchObject({ serverId: boot.serverId, epoch: boot.epoch + 1 });
  held.go();
  const other = await aBoot(store);
  await ended(other);
  expect(await store.tasks.of(boot.serverId)).toEqual(taken);
  expect(await store.servers.get(boot.serverId)).toMatchObject({ vmState: 'building' });
});

test('a task that the store could not record continues as soon as possible from its recorded step', async () => {
  const commit = store.commit.bind(store);
  const ran: string[] = [];
  let isFull = true;
  store.commit = async (transition) => {
    if (isFull && ran.at(-1) === 'bind-ports') {
      throw new ComputeError('unavailable', 'the disk of the state directory is full');
    }
    return commit(transition);
  };
  const step =
    (next: NextStep<'boot'> | null) => async (_context: WorkflowContext, task: Task<'boot'>) => {
      ran.push(task.step);
      return next === null ? ends : { next };
    };
  dispatch({ schedule: step(at('bind-ports')), 'bind-ports': step(null) }, { faultPauseMs: 10 });
  const boot = await aBoot(store);
  await until(() => expect(ran.filter((name) => name === 'bind-ports').length).toBeGreaterThan(1));
  isFull = false;
  await ended(boot);
  expect(ran.filter((name) => name === 'schedule')).toHaveLength(1);
  expect(await store.tasks.lease('there', time.now, leaseMs, { limit: 4 })).toEqual([]);
});

test('tasks that cannot be recorded do not block others, however many they are', async () => {
  const commit = store.commit.bind(store);
  store.commit = async (transition) => {
    if (odd.has(transition.task.id)) throw new TypeError('a mistake of ours');
    return commit(transition);
  };
  const odd = new Set<string>();
  for (let made = 0; made < concurrency; made += 1) odd.add((await aBoot(store)).id);
  dispatch({ schedule: async () => ends }, { faultPauseMs: 60_000 });
  await until(async () =>
    expect((await store.tasks.overview(time.now, 10)).counts.running).toBe(concurrency),
  );
  await ended(await aBoot(store));
});

test.each(['runs', 'was stopped'])(
  'the clock moves back an hour while the dispatcher %s: a retry is not delayed by an hour',
  async (how) => {
    let tries = 0;
    const steps = {
      schedule: async (): Promise<Outcome> => {
        tries += 1;
        return tries === 1 ? { next: at('schedule', time.now + 30_000) } : ends;
      },
    };
    time.now = 10 * 3_600_000;
    const waits = async (task: Task) =>
      until(async () =>
        expect((await store.tasks.of(task.serverId))?.dueAt).toBeGreaterThan(time.now),
      );
    let boot: Task<'boot'>;
    if (how === 'runs') {
      dispatch(steps);
      boot = await aBoot(store);
      await waits(boot);
      time.now -= 3_600_000;
    } else {
      boot = await aBoot(store);
      await store.commit({ task: boot, next: at('schedule', time.now + 30_000) });
      time.now -= 3_600_000;
      tries = 1;
      dispatch(steps);
    }
    await ended(boot);
    expect(tries).toBe(2);
  },
);
