/** What the dispatcher does with each outcome of a step, and with an invalid outcome. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StoredTask } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { bootData } from '#test/worlds/store-rows.ts';
import {
  aScriptedDispatcher,
  aTask,
  done,
  leaseMs,
  now,
  owner,
  settle,
  step,
  type Run,
  type ScriptedDispatcher,
} from '#test/scripted-dispatcher.ts';
import { type StepOutcome, Superseded } from './workflow.ts';

const lease = { owner, until: now + leaseMs };
let world: ScriptedDispatcher;

beforeEach(() => {
  world = aScriptedDispatcher();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.stop();
});

describe('what follows a step', () => {
  const next = (dueAt: number | null) => ({ step: 'bind-ports', data: bootData, dueAt }) as const;

  test.each([
    { name: 'due long since', given: 0, gives: ['schedule', 'bind-ports'] },
    { name: 'due now', given: now, gives: ['schedule', 'bind-ports'] },
    { name: 'due in a millisecond', given: now + 1, gives: ['schedule'] },
    { name: 'waiting for a host', given: null, gives: ['schedule'] },
  ])('a next step that is $name', async ({ given, gives }) => {
    const ran: unknown[] = [];
    const steps = (outcome: StepOutcome<'boot'>) =>
      step(async (task) => {
        ran.push(task);
        return outcome;
      });
    const task = aTask('s1');
    world.offer([task]);
    world.dispatch({ schedule: steps({ next: next(given) }), 'bind-ports': steps(done) });
    await settle();
    expect(ran).toEqual(
      gives.map((name) => (name === 'schedule' ? task : { ...task, ...next(given) })),
    );
    // The commit itself leases the task for a step that is due, and else releases it.
    expect(world.commits.map((commit) => commit.lease)).toEqual(gives.map(() => lease));
    expect(world.calls.release).toEqual([]);
    const ends = ['ended:s1'];
    expect(world.notified).toEqual(gives.length === 2 ? ends : []);
  });

  test.each([
    { linked: 'h', gives: [] },
    { linked: 'another', gives: ['commands:h'] },
  ])(
    'a recorded command goes to the link of its host; else it wakes it',
    async ({ linked, gives }) => {
      const command = {
        hostId: 'h',
        serverId: 's1',
        body: { do: 'destroy', guestId: 'g' },
      } as const;
      const issued = { seq: 7, serverId: 's1', body: command.body };
      world.linkedHost = linked;
      world.answers = [{ ok: true, command: issued }];
      world.offer([aTask('s1')]);
      world.dispatch({ schedule: step(async () => ({ command, next: next(null) })) });
      await settle();
      expect(world.issued).toEqual([['h', issued]]);
      expect(world.notified).toEqual(gives);
    },
  );

  test('a host whose change is refused is read again before the step is repeated', async () => {
    world.answers = [{ ok: false, why: 'stale-host' }];
    world.offer([aTask('s1')]);
    const host = { hostId: 'h', generation: 1 };
    world.dispatch({ schedule: step(async () => ({ ...done, host })) });
    await settle();
    expect([world.outdated, world.commits.length]).toEqual([['h'], 2]);
  });

  test.each([
    { name: 'the host changed: the step runs again', why: 'stale-host', gives: 2 },
    { name: 'another workflow took over: it stops', why: 'superseded', gives: 1 },
  ] as const)('a record that is refused: $name', async ({ why, gives }) => {
    let ran = 0;
    world.answers = [{ ok: false, why }];
    world.offer([aTask('s1')]);
    const run: Run = async () => {
      ran += 1;
      return done;
    };
    world.dispatch({ schedule: step(run) });
    await settle();
    expect(ran).toBe(gives);
    expect(world.notified).toEqual(gives === 2 ? ['ended:s1'] : []);
    expect(world.calls.release).toHaveLength(gives === 2 ? 0 : 1);
  });

  test('a record that conflicts fails the workflow, and that is recorded', async () => {
    world.answers = [new ComputeError('conflict', 'port p is in use')];
    const task = aTask('s1');
    world.offer([task]);
    world.dispatch({ schedule: step(async () => done) });
    await settle();
    expect(world.commits).toEqual([
      { task, ...done, lease },
      { task, actionMessage: 'failed: port p is in use', ...done, lease },
    ]);
    expect(world.entries).toEqual([]);
  });

  test('a step that throws is logged with its step and detail, and fails the workflow', async () => {
    const task = aTask('s1');
    world.offer([task]);
    const error = new ComputeError('unavailable', 'no answer', { detail: '503' });
    world.dispatch({ schedule: step(async () => Promise.reject(error)) });
    await settle();
    expect(world.commits).toEqual([{ task, actionMessage: 'failed: no answer', ...done, lease }]);
    expect(world.entries).toEqual([
      {
        level: 'warn',
        data: { task: 't-s1', server: 's1', step: 'schedule', detail: '503' },
        message: 'boot: step schedule failed: no answer',
      },
    ]);
  });

  test('a step that was superseded records nothing', async () => {
    const task = aTask('s1');
    world.offer([task]);
    world.dispatch({ schedule: step(async () => Promise.reject(new Superseded())) });
    await settle();
    expect([world.commits, world.entries, world.calls.release]).toEqual([[], [], [[task, owner]]]);
  });
});

describe('a fault outside the step', () => {
  const leased = aTask('s1');
  const later = { step: 'bind-ports' } as const;

  test.each<{ name: string; given: StoredTask | undefined; gives: string[] }>([
    { name: 'its next step is due', given: aTask('s1', later), gives: ['schedule', 'bind-ports'] },
    {
      name: 'its next step is due just now',
      given: aTask('s1', { ...later, dueAt: now }),
      gives: ['schedule', 'bind-ports'],
    },
    {
      name: 'its next step is due later',
      given: aTask('s1', { ...later, dueAt: now + 1 }),
      gives: ['schedule'],
    },
    {
      name: 'it waits for a host',
      given: aTask('s1', { ...later, dueAt: null }),
      gives: ['schedule'],
    },
    {
      name: 'another workflow took over',
      given: aTask('s1', { ...later, epoch: 2 }),
      gives: ['schedule'],
    },
    { name: 'it has ended', given: undefined, gives: ['schedule'] },
  ])('the task is read again, and $name', async ({ given, gives }) => {
    const ran: string[] = [];
    const run: Run = async (task) => {
      ran.push(task.step);
      return done;
    };
    world.answers = [new TypeError('a mistake of ours')];
    world.current = given;
    world.offer([leased]);
    world.dispatch({ schedule: step(run), 'bind-ports': step(run) });
    const isDue = gives.length === 2;
    await vi.waitFor(() => expect(world.commits).toHaveLength(isDue ? 2 : 1), { interval: 1 });
    await vi.waitFor(() => expect(world.calls.release).toEqual(isDue ? [] : [[leased, owner]]), {
      interval: 1,
    });
    expect(ran).toEqual(gives);
    expect(world.entries).toEqual([
      {
        level: 'error',
        data: { err: new TypeError('a mistake of ours'), task: leased },
        message: 'task stopped unexpectedly; it will be continued',
      },
    ]);
  });

  test('a task that pauses leaves its room to others, and takes it back', async () => {
    const held = world.heldStep();
    world.answers = [new TypeError('a mistake of ours')];
    world.current = aTask('s1', later);
    world.offer([leased]);
    world.dispatch(
      { schedule: step(async () => done), 'bind-ports': held.step },
      { concurrency: 1 },
    );
    await vi.waitFor(() => expect(held.begun).toEqual(['s1']), { interval: 1 });
    // At the pause others were looked for at once, and the paused one was not taken again.
    expect(world.calls.lease).toEqual([
      [owner, now, leaseMs, { limit: 1, running: [] }],
      [owner, now, leaseMs, { limit: 1, running: ['s1'] }],
    ]);
    await world.wake();
    expect(world.calls.lease).toHaveLength(2);
  });
});

describe('a row that cannot be read', () => {
  const problem = 'the task was written in version 9';
  const unreadable = (kind: string): StoredTask => ({
    ...aTask('s1'),
    kind,
    step: 'moon',
    data: null,
    problem,
  });
  const fault = { code: 500, message: problem, details: '', created: now };

  test.each([
    {
      name: 'of a known workflow: that one ends it',
      given: 'boot',
      gives: { task: unreadable('boot'), actionMessage: `recovered: ${problem}`, ...done },
    },
    {
      name: 'of an unknown workflow: its server goes to ERROR',
      given: 'migrate',
      gives: {
        task: { ...unreadable('migrate'), kind: 'act' },
        server: { vmState: 'error', taskState: null, fault },
        outcome: { is: 'failed', kind: 'unavailable', message: problem },
        next: null,
      },
    },
  ])('$name', async ({ given, gives }) => {
    const task = unreadable(given);
    world.offer([task]);
    world.dispatch({});
    await settle();
    expect(world.commits).toEqual([{ ...gives, lease }]);
    expect(world.notified).toEqual(['ended:s1']);
    expect(world.entries).toEqual([
      { level: 'error', data: { task: 't-s1', server: 's1' }, message: problem },
    ]);
    expect(world.calls.release).toEqual([]);
  });

  test('while a controller of another version is alive, it is left to that one', async () => {
    world.hasOtherVersion = true;
    const task = unreadable('boot');
    world.offer([task]);
    world.dispatch({});
    await settle();
    expect(world.calls.postpone).toEqual([[task, { owner, until: now + 3_000 }]]);
    expect([world.commits, world.calls.release, world.entries]).toEqual([[], [], []]);
  });

  test('another workflow has taken its server over: nothing follows', async () => {
    world.answers = [{ ok: false, why: 'superseded' }];
    world.offer([unreadable('boot')]);
    world.dispatch({});
    await settle();
    expect(world.notified).toEqual([]);
    expect(world.calls.release).toHaveLength(1);
  });
});
