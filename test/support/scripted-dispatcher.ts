/**
 * A dispatcher over a store that only answers as scripted, so that every call to it counts: for
 * tests of what the dispatcher takes, when, and what it does with each outcome of a step.
 */
import type { HostCommand } from '#contracts/host/host-link.ts';
import type { CommitResult, StoredTask, Task, Transition } from '#contracts/store/store.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { startDispatcher } from '#workflows/engine/dispatcher.ts';
import { succeeded } from '#workflows/engine/endings.ts';
import type { StepOutcome, Workflows } from '#workflows/engine/workflow.ts';
import { bootData } from './worlds/store-rows.ts';

export type Run = (task: StoredTask, start: { read: unknown }) => Promise<StepOutcome<'boot'>>;

export const owner = 'here';
export const leaseMs = 9_000;
export const now = 1_000;
export const done: StepOutcome<'boot'> = { outcome: succeeded, next: null };

/** A boot that is due. */
export function aTask(serverId: string, change: Partial<Task<'boot'>> = {}): Task<'boot'> {
  const step = 'schedule';
  const ids = { id: `t-${serverId}`, serverId, actionId: 'a', epoch: 1 };
  return { ...ids, kind: 'boot', step, data: bootData, dueAt: 0, ...change };
}

/** Lets everything continue that waits for nothing but a promise. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
}

/** A step of a workflow that does this. */
export function step(run: Run, more: object = {}): object {
  return {
    run: (_context: unknown, task: StoredTask, start: { read: unknown }) => run(task, start),
    ...more,
  };
}

export type ScriptedDispatcher = ReturnType<typeof aScriptedDispatcher>;

export function aScriptedDispatcher() {
  const stops: (() => Promise<void>)[] = [];
  const listeners = new Map<string, () => void>();
  const calls: Record<'lease' | 'renew' | 'hasten' | 'release' | 'postpone', unknown[][]> = {
    lease: [],
    renew: [],
    hasten: [],
    release: [],
    postpone: [],
  };
  const note =
    (name: keyof typeof calls) =>
    async (...all: unknown[]): Promise<void> =>
      void calls[name].push(all);
  const log =
    (level: string) =>
    (data: object, message: string): void =>
      void world.entries.push({ level, data, message });
  const tasks = {
    lease: async (...all: unknown[]) => {
      calls.lease.push(all);
      return world.offered();
    },
    renew: note('renew'),
    hasten: note('hasten'),
    release: note('release'),
    postpone: note('postpone'),
    of: async () => world.current,
  };
  const commit = async (transition: Transition): Promise<CommitResult> => {
    world.commits.push(transition);
    const { next, lease } = transition;
    const isDue = lease !== undefined && next?.dueAt != null && next.dueAt <= world.time.now;
    const answer = world.answers.shift() ?? { ok: true, isDue };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const context = {
    // No server is damaged or deleted.
    store: {
      tasks,
      commit,
      servers: { damage: async () => undefined, get: async () => undefined },
    },
    clock: { now: () => world.time.now },
    direct: new DirectTasks(),
    peers: { hasOtherVersion: () => world.hasOtherVersion },
    links: {
      issued: (hostId: string, command: HostCommand | undefined) => {
        world.issued.push([hostId, command]);
        return hostId === world.linkedHost;
      },
    },
    fleet: { outdated: (hostId: string) => void world.outdated.push(hostId) },
    log: { debug: () => undefined, warn: log('warn'), error: log('error') },
    wakeup: {
      notify: (topic: string) => void world.notified.push(topic),
      listen: (topic: string, listener: () => void) => {
        listeners.set(topic, listener);
        return () => void listeners.delete(topic);
      },
    },
  } as unknown as WorkflowContext;

  /** Each failed step, and each row that cannot be read, ends its boot with the reason. */
  const ended = (actionMessage: string) => ({ actionMessage, ...done });
  const ways = {
    failed: async (_: unknown, __: unknown, { message }: Error) => ended(`failed: ${message}`),
    recover: async (_: unknown, __: unknown, { message }: Error) => ended(`recovered: ${message}`),
  };

  const world = {
    time: { now },
    /** Whether a controller of another version is alive. */
    hasOtherVersion: false,
    /** The host that is linked here, the commands that it was given, and the hosts to read again. */
    linkedHost: '',
    issued: [] as [string, HostCommand | undefined][],
    outdated: [] as string[],
    /** The tasks that are due, for each lease. */
    offered: (): StoredTask[] => [],
    /** For each commit; default: it is recorded. */
    answers: [] as (CommitResult | Error)[],
    /** The task as it is read again. */
    current: undefined as StoredTask | undefined,
    calls,
    context,
    commits: [] as Transition[],
    notified: [] as string[],
    entries: [] as { level: string; data: object; message: string }[],
    listeners,
    /** Each lease takes the next of these. */
    offer: (...turns: StoredTask[][]) => {
      world.offered = () => turns.shift() ?? [];
    },
    dispatch: (steps: Record<string, object>, { concurrency = 2 } = {}) => {
      const workflows = { boot: { steps, ...ways } } as unknown as Workflows;
      const all = { owner, workflows, concurrency, leaseMs, pollMs: 60_000, faultPauseMs: 1 };
      const dispatcher = startDispatcher(context, all);
      stops.push(() => dispatcher.stop());
      return dispatcher;
    },
    /** A step that is held until it is released. `begun`: the servers that it ran or runs for. */
    heldStep: (more: object = {}) => {
      const begun: string[] = [];
      const holds: (() => void)[] = [];
      const run: Run = async ({ serverId }) => {
        begun.push(serverId);
        await new Promise<void>((resolve) => holds.push(resolve));
        return done;
      };
      stops.unshift(async () => {
        for (const release of holds.splice(0)) release();
      });
      return { step: step(run, more), begun, release: () => holds.shift()?.() };
    },
    wake: async () => {
      listeners.get('tasks')?.();
      await settle();
    },
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
  return world;
}
