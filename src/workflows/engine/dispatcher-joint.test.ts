/** Steps that are recorded in the commit of what they follow. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aScriptedDispatcher,
  aTask,
  done,
  leaseMs,
  now,
  owner,
  type Run,
  type ScriptedDispatcher,
  settle,
  step,
} from '#test/scripted-dispatcher.ts';
import { bootData } from '#test/worlds/store-rows.ts';
import type { JointResult } from './direct-tasks.ts';

let world: ScriptedDispatcher;

beforeEach(() => {
  world = aScriptedDispatcher();
});
afterEach(() => world.stop());

const lease = { owner, until: now + leaseMs };
const command = {
  hostId: 'h-1',
  serverId: 's1',
  body: { do: 'spawn', guest: {} as never },
} as const;
const issued = { seq: 7, serverId: 's1', body: command.body };
const parked = { step: 'guest-started', data: bootData, dueAt: null } as const;

/** Runs a boot until it waits for the answer to its command. */
async function untilParked(more: object): Promise<void> {
  world.offer([aTask('s1')]);
  world.answers.push({ ok: true, command: issued });
  world.dispatch({
    schedule: step(async () => ({ command, next: parked })),
    'guest-started': step(async () => done, more),
  });
  await settle();
}

test('a task is kept for the answer that its next step joins, until it is taken', async () => {
  await untilParked({ joinsAnswer: true });
  const waiting = world.context.direct.takeParked({ hostId: 'h-1', seq: 7 });
  expect(waiting).toEqual({
    task: { ...aTask('s1'), ...parked },
    command: { hostId: 'h-1', seq: 7, serverId: 's1', kind: 'spawn' },
  });
  expect(world.context.direct.takeParked({ hostId: 'h-1', seq: 7 })).toBeUndefined();
});

test('a task whose next step has effects outside is not kept', async () => {
  await untilParked({});
  expect(world.context.direct.takeParked({ hostId: 'h-1', seq: 7 })).toBeUndefined();
});

test('a step is recorded by its caller, and its task continues with what was recorded', async () => {
  const ran: string[] = [];
  const run: Run = async (task) => {
    if ('problem' in task) return done;
    ran.push(task.step);
    const next = { step: 'bind-ports', data: bootData, dueAt: now } as const;
    return task.step === 'schedule' ? { next } : done;
  };
  world.dispatch({ schedule: step(run), 'bind-ports': step(run) });
  const recorded: unknown[] = [];
  const { direct } = world.context;
  const joined = await direct.join({ task: aTask('s1'), known: {} }, async (outcome, held) => {
    recorded.push([outcome.next?.step, held]);
    return { ok: true, isDue: true };
  });
  expect([joined, recorded]).toEqual([true, [['bind-ports', lease]]]);
  await settle();
  expect(ran).toEqual(['schedule', 'bind-ports']);
  expect(world.commits.map(({ next }) => next)).toEqual([null]);
  expect(direct.held).toBe(0);
});

test.each<{ why: string; result: JointResult; outdated: string[] }>([
  { why: 'superseded', result: { ok: false, why: 'superseded' }, outdated: [] },
  { why: 'stale-host', result: { ok: false, why: 'stale-host' }, outdated: ['h-1'] },
])('a refusal ($why) is reported, and nothing continues', async ({ result, outdated }) => {
  const host = { hostId: 'h-1', generation: 1 };
  world.dispatch({ schedule: step(async () => ({ ...done, host })) });
  const { direct } = world.context;
  expect(await direct.join({ task: aTask('s1'), known: {} }, async () => result)).toBe(false);
  expect([world.outdated, world.notified, direct.held]).toEqual([outdated, [], 0]);
});

test('a step that throws is recorded as its workflow ends it', async () => {
  const refuse: Run = async () => {
    throw new Error('no');
  };
  world.dispatch({ schedule: step(refuse) });
  const messages: (string | undefined)[] = [];
  await world.context.direct.join({ task: aTask('s1'), known: {} }, async (outcome) => {
    messages.push(outcome.actionMessage);
    return { ok: true };
  });
  expect(messages).toEqual(['failed: internal error']);
  expect(world.notified).toContain('ended:s1');
});

test('without a free slot no step runs', async () => {
  const held = world.heldStep();
  world.offer([aTask('s1'), aTask('s2')]);
  world.dispatch({ schedule: held.step });
  await settle();
  const record = async (): Promise<JointResult> => ({ ok: true });
  expect(await world.context.direct.join({ task: aTask('s3'), known: {} }, record)).toBe(false);
  expect(held.begun).toEqual(['s1', 's2']);
});
