/**
 * Runs workflows: takes due tasks from the store, runs their steps one after the other, and records
 * each with one commit. Holds no state that a restart would lose; the task rows are all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CommitResult,
  Lease,
  StoredTask,
  Task,
  TaskKind,
  TaskRef,
  UnreadableTask,
} from '#contracts/store/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from './context.ts';
import { endUnreadable } from './endings.ts';
import { pollLoop } from './poll-loop.ts';
import { repeat } from './repeat.ts';
import {
  asFailure,
  type StepOutcome,
  type StepStart,
  Superseded,
  type Workflow,
  type Workflows,
} from './workflow.ts';

export interface DispatcherOptions {
  /** Names this process in leases. */
  owner: string;
  workflows: Workflows;
  /** Tasks worked on concurrently. */
  concurrency: number;
  /**
   * Renewed at a third of it while a step runs: it expires only when this process has died, or
   * cannot write.
   */
  leaseMs: number;
  /** Finds what a lost wake-up missed. */
  pollMs: number;
  /**
   * The pause of a task whose step or record failed for a reason outside the step, such as a full
   * disk.
   */
  faultPauseMs?: number;
}

/**
 * No step is scheduled later than this: a later time comes from a clock that has since gone back.
 */
const longestPauseMs = 150_000;

/** Starts taking tasks. `stop` returns when the running steps have ended. */
export function startDispatcher(
  context: WorkflowContext,
  options: DispatcherOptions,
): { stop(): Promise<void> } {
  const { owner, concurrency, leaseMs, pollMs, faultPauseMs = 2_000 } = options;
  const { store, clock, log } = context;
  const running = new Map<Promise<void>, string>();
  /** How many of them pause after a fault: they keep no others from running. */
  let resting = 0;
  const parts: Parts = {
    context,
    workflows: options.workflows,
    exclusive: new SerialQueue(),
    newLease: () => ({ owner, until: clock.now() + leaseMs }),
  };
  const stopping = new AbortController();
  /** Before the first poll: the clock may have gone back since the previous process. */
  let newest = Infinity;

  /** The last poll may have left due tasks, for want of slots. */
  let isShort = false;
  const free = () => concurrency - (running.size - resting) - context.direct.held;

  const takeDue = async (): Promise<void> => {
    const limit = free();
    isShort = limit <= 0;
    if (stopping.signal.aborted || isShort) return;
    const now = clock.now();
    if (now < newest) await store.tasks.hasten(now, now + longestPauseMs);
    newest = now;
    const how = { limit, running: [...running.values()] };
    const tasks = await store.tasks.lease(owner, now, leaseMs, how);
    isShort = tasks.length === limit;
    for (const task of tasks) run(task);
  };

  const run = (task: StoredTask): void => {
    const promise = work(task);
    running.set(promise, task.serverId);
    void promise.finally(() => {
      running.delete(promise);
      // Others may wait for a slot, or for this server.
      if (isShort) polling.wake();
    });
  };

  const work = async (leased: StoredTask): Promise<void> => {
    let readTask = async (): Promise<StoredTask | undefined> => leased;
    while (!stopping.signal.aborted) {
      try {
        if (!(await runTask(parts, { leased, task: await readTask() }))) {
          await store.tasks.release(leased, owner);
          polling.wake();
        }
        return;
      } catch (error) {
        log.error({ err: error, task: leased }, 'task stopped unexpectedly; it will be continued');
      }
      readTask = () => stillHeld(context, leased);
      resting += 1;
      polling.wake();
      await pause(faultPauseMs, stopping.signal);
      resting -= 1;
    }
  };

  const renew = async (): Promise<void> => {
    if (running.size === 0) return;
    await store.tasks.renew(owner, clock.now() + leaseMs, [...running.values()]);
  };

  const failing = 'cannot lease tasks; will try again';
  const polling = pollLoop(context, { topic: 'tasks', pollMs, failing }, takeDue);
  const detach = context.direct.attach({ free, newLease: () => parts.newLease(), run });
  const renewing = repeat(renew, leaseMs / 3, (error) => {
    log.error({ err: error }, 'cannot renew leases; will try again');
  });
  return {
    async stop() {
      stopping.abort();
      detach();
      await polling.stop();
      await Promise.all(running.keys());
      await renewing.stop();
    },
  };
}

/** The current task; undefined when it has ended or waits, or another workflow took over. */
async function stillHeld(
  { store, clock }: Pick<WorkflowContext, 'store' | 'clock'>,
  leased: StoredTask,
): Promise<StoredTask | undefined> {
  const task = await store.tasks.of(leased.serverId);
  const isDue = task !== undefined && task.dueAt !== null && task.dueAt <= clock.now();
  return isDue && task.epoch === leased.epoch ? task : undefined;
}

interface Parts {
  context: WorkflowContext;
  workflows: Workflows;
  /** For the steps that run one at a time. */
  exclusive: SerialQueue;
  newLease: () => Lease;
}

/** What follows a step: the task to continue with, or whether its lease has been released. */
type Progress = { task: Task } | { task: undefined; isReleased: boolean };

/**
 * Runs steps until the task ends, waits, or is taken over. False: its lease has not been released.
 */
async function runTask(
  parts: Parts,
  { leased, ...from }: { leased: StoredTask; task: StoredTask | undefined },
): Promise<boolean> {
  let progress: Progress | { task: StoredTask } =
    from.task === undefined ? { task: undefined, isReleased: false } : { task: from.task };
  while (progress.task !== undefined) {
    const task: StoredTask = progress.task;
    progress = 'problem' in task ? await recover(parts, task) : await runNext(parts, task);
  }
  return progress.isReleased;
}

async function runNext<Kind extends TaskKind>(parts: Parts, task: Task<Kind>): Promise<Progress> {
  const { context, workflows, exclusive } = parts;
  const workflow: Workflow<Kind> = workflows[task.kind];
  const step = workflow.steps[task.step];
  const start: StepStart = { read: await step.read?.(context, task) };
  const act = (): Promise<Progress> => runStep(parts, { workflow, task, start });
  return step.exclusive === true ? exclusive.run(act) : act();
}

interface StepRun<Kind extends TaskKind> {
  workflow: Workflow<Kind>;
  task: Task<Kind>;
  start: StepStart;
}

/**
 * Runs and records one step. What follows is the task at its next step when that is due at once,
 * and the same task when it must be run again.
 */
async function runStep<Kind extends TaskKind>(
  parts: Parts,
  running: StepRun<Kind>,
): Promise<Progress> {
  const { context, newLease } = parts;
  const { workflow, task } = running;
  let outcome = await attempt(context, running);
  if (outcome === undefined) return { task: undefined, isReleased: false };
  let committed: CommitResult;
  try {
    committed = await context.store.commit({ task, ...outcome, lease: newLease() });
  } catch (error) {
    // What the store refuses (a port that another server has taken since) is the step's own
    // failure.
    if (!isComputeError(error, 'conflict')) throw error;
    outcome = await workflow.failed(context, task, error);
    committed = await context.store.commit({ task, ...outcome, lease: newLease() });
  }
  if (!committed.ok && committed.why === 'stale-host') return { task };
  return taskAfter(context, { task, outcome, committed });
}

async function attempt<Kind extends TaskKind>(
  context: WorkflowContext,
  { workflow, task, start }: StepRun<Kind>,
): Promise<StepOutcome<Kind> | undefined> {
  try {
    return await workflow.steps[task.step].run(context, task, start);
  } catch (error) {
    if (error instanceof Superseded) return undefined;
    const failure = asFailure(error);
    context.log.warn(
      { task: task.id, server: task.serverId, step: task.step, detail: failure.detail },
      `${task.kind}: step ${task.step} failed: ${failure.message}`,
    );
    return workflow.failed(context, task, failure);
  }
}

/**
 * A task whose row cannot be read fails with that: its workflow determines the outcome, and without
 * such a workflow its server goes to ERROR, unless it is deleted.
 */
async function recover(
  { context, workflows, newLease }: Parts,
  unreadable: UnreadableTask,
): Promise<Progress> {
  const { problem } = unreadable;
  const error = new ComputeError('unavailable', problem);
  context.log.error({ task: unreadable.id, server: unreadable.serverId }, problem);
  const isKnown = Object.hasOwn(workflows, unreadable.kind);
  const kind: TaskKind = isKnown ? (unreadable.kind as TaskKind) : 'act';
  const outcome = isKnown
    ? await workflows[kind].recover(context, unreadable, error)
    : await endUnreadable(context, unreadable, error);
  const task = { ...unreadable, kind };
  const committed = await context.store.commit({ task, ...outcome, lease: newLease() });
  return taskAfter(context, { task, outcome, committed });
}

interface Recorded<Kind extends TaskKind> {
  task: TaskRef<Kind>;
  outcome: StepOutcome<Kind>;
  committed: CommitResult;
}

/** Wakes those that wait for the recorded change. */
function taskAfter<Kind extends TaskKind>(
  { wakeup }: WorkflowContext,
  { task, outcome: { command, next }, committed }: Recorded<Kind>,
): Progress {
  if (!committed.ok) return { task: undefined, isReleased: false };
  if (command !== undefined) wakeup.notify(`commands:${command.hostId}`);
  if (next === null) {
    wakeup.notify(`ended:${task.serverId}`);
    wakeup.notify('network-events');
  }
  if (next === null || committed.isDue !== true) return { task: undefined, isReleased: true };
  const { id, serverId, epoch, actionId } = task;
  const { kind = task.kind, step, data, dueAt } = next;
  return { task: { id, serverId, epoch, actionId, kind, step, data, dueAt } };
}

/** Returns early when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
