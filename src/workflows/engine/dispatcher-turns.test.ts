/** What the dispatcher takes, when, and how long it keeps it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StoredTask } from '#contracts/store/store.ts';
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

let world: ScriptedDispatcher;

beforeEach(() => {
  world = aScriptedDispatcher();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.stop();
});

describe('taking tasks', () => {
  test('as many as there is room for; those that run are named', async () => {
    const held = world.heldStep();
    world.offer([aTask('s1')], [aTask('s2')]);
    world.dispatch({ schedule: held.step });
    await settle();
    await world.wake();
    expect(world.calls.lease).toEqual([
      [owner, now, leaseMs, { limit: 2, running: [] }],
      [owner, now, leaseMs, { limit: 1, running: ['s1'] }],
    ]);
    // There is no room for a third.
    await world.wake();
    expect(world.calls.lease).toHaveLength(2);
    // One that ends makes room at once.
    held.release();
    await settle();
    expect(world.calls.lease.at(-1)).toEqual([owner, now, leaseMs, { limit: 1, running: ['s2'] }]);
  });

  test('a slot that was held is polled for only where the last poll had too few', async () => {
    world.dispatch({});
    await settle();
    const polls = () => world.calls.lease.length;
    const { direct } = world.context;
    direct.hold(1).end();
    await settle();
    expect(polls()).toBe(1);
    const both = direct.hold(2);
    await world.wake();
    expect(polls()).toBe(1);
    both.end();
    await settle();
    expect(polls()).toBe(2);
  });

  test('none once it is stopped, which waits for the steps that run', async () => {
    const held = world.heldStep();
    world.offer([aTask('s1')]);
    const dispatcher = world.dispatch({ schedule: held.step });
    await settle();
    const listener = world.listeners.get('tasks');
    let isStopped = false;
    const stopping = dispatcher.stop().then(() => {
      isStopped = true;
    });
    await settle();
    listener?.();
    await settle();
    expect([isStopped, world.calls.lease.length]).toEqual([false, 1]);
    held.release();
    await stopping;
    expect(world.commits).toHaveLength(1);
    expect(world.listeners.size).toBe(0);
  });

  test('a clock that went back makes tasks due that it scheduled too late; any other does not', async () => {
    world.dispatch({});
    await settle();
    const hastened = [now, now + 150_000];
    expect(world.calls.hasten).toEqual([hastened]);
    await world.wake();
    world.time.now = now + 5;
    await world.wake();
    expect(world.calls.hasten).toEqual([hastened]);
    world.time.now = now + 4;
    await world.wake();
    expect(world.calls.hasten).toEqual([hastened, [now + 4, now + 4 + 150_000]]);
  });

  test('a read that fails is logged, and repeated', async () => {
    const leased = vi.fn<() => never>(() => {
      throw new Error('the database is locked');
    });
    world.offered = leased;
    world.dispatch({});
    await settle();
    expect(world.entries).toMatchObject([
      {
        level: 'error',
        data: { err: new Error('the database is locked') },
        message: 'cannot lease tasks; will try again',
      },
    ]);
    await world.wake();
    expect(leased).toHaveBeenCalledTimes(2);
  });
});

describe('leases', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));

  test('they are renewed at a third of their world.time while a step runs', async () => {
    const held = world.heldStep();
    world.offer([], [aTask('s1')]);
    const dispatcher = world.dispatch({ schedule: held.step });
    await settle();
    vi.advanceTimersByTime(leaseMs / 3);
    await settle();
    expect(world.calls.renew).toEqual([]);
    await world.wake();
    vi.advanceTimersByTime(leaseMs / 3 - 1);
    await settle();
    expect(world.calls.renew).toEqual([]);
    vi.advanceTimersByTime(1);
    await settle();
    expect(world.calls.renew).toEqual([[owner, now + leaseMs, ['s1']]]);
    held.release();
    await dispatcher.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a renewal that fails is logged, and repeated', async () => {
    const held = world.heldStep();
    world.offer([aTask('s1')]);
    world.dispatch({ schedule: held.step });
    await settle();
    const full = new Error('the disk is full');
    vi.spyOn(world.calls.renew, 'push').mockImplementationOnce(() => {
      throw full;
    });
    vi.advanceTimersByTime(leaseMs / 3);
    await settle();
    const message = 'cannot renew leases; will try again';
    expect(world.entries).toMatchObject([{ level: 'error', data: { err: full }, message }]);
    vi.advanceTimersByTime(leaseMs / 3);
    await settle();
    expect(world.calls.renew).toHaveLength(1);
  });
});

describe('the turn of a step', () => {
  test('it starts from what its read gave', async () => {
    const starts: unknown[] = [];
    const run: Run = async (_task, start) => {
      starts.push(start);
      return done;
    };
    world.offer([aTask('s1')], [aTask('s2', { step: 'bind-ports' })]);
    const read = async (_context: unknown, { serverId }: StoredTask) => `read for ${serverId}`;
    world.dispatch({ schedule: step(run, { read }), 'bind-ports': step(run) });
    await settle();
    await world.wake();
    expect(starts).toEqual([{ read: 'read for s1' }, { read: undefined }]);
  });

  test.each([
    { name: 'an exclusive step runs alone', given: { exclusive: true }, gives: ['s1'] },
    { name: 'others run concurrently', given: {}, gives: ['s1', 's2'] },
    { name: 'so do steps that say they may', given: { exclusive: false }, gives: ['s1', 's2'] },
  ])('$name', async ({ given, gives }) => {
    const held = world.heldStep(given);
    world.offer([aTask('s1'), aTask('s2')]);
    world.dispatch({ schedule: held.step });
    await settle();
    expect(held.begun).toEqual(gives);
    held.release();
    await settle();
    expect(held.begun).toEqual(['s1', 's2']);
    held.release();
    await settle();
  });
});
