/**
 * Runs workflows: takes due tasks from the store, runs their steps one after the other, and records
 * each with one commit. Holds no state that a restart would miss; the task rows are all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitResult, Task, TaskKind } from '#contracts/store/store.ts';
import { invariant, isComputeError } from '#core/errors.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from './context.ts';
import { keepLooking } from './keep-looking.ts';
import { repeat } from './repeat.ts';
import {
  asFailure,
  type StepOutcome,
  type StepStart,
  Superseded,
  type Workflow,
} from './workflow.ts';

export interface DispatcherOptions {
  /** Names this process in leases. */
  owner: string;
  workflows: Record<TaskKind, Workflow>;
  /** Tasks worked on at the same time. */
  concurrency: number;
  /**
   * Renewed at a third of it while a step runs: it runs out only when this process has died, or
   * cannot write.
   */
  leaseMs: number;
  /** Finds what a lost wake-up missed. */
  pollMs: number;
  /**
   * How long a task rests whose step or record could not be completed for a reason that is not the
   * step's own, such as a full disk.
   */
  faultPauseMs?: number;
}

/** No step asks to be run later than this: a longer time is one that the clock has left behind. */
const longestPauseMs = 150_000;

/** Starts taking tasks. `stop` returns when the steps that run now have ended. */
export function startDispatcher(
  context: WorkflowContext,
  options: DispatcherOptions,
): { stop(): Promise<void> } {
  const { owner, concurrency, leaseMs, pollMs, faultPauseMs = 2_000 } = options;
  const { store, clock, log } = context;
  const running = new Map<Promise<void>, string>();
  /** How many of them rest after a fault: they keep no others from running. */
  let resting = 0;
  const exclusive = new SerialQueue();
  const stopping = new AbortController();
  /** Before the first look: the clock may have gone back since the process before this one. */
  let newest = Infinity;

  const takeDue = async (): Promise<void> => {
    const limit = concurrency - (running.size - resting);
    if (stopping.signal.aborted || limit <= 0) return;
    const now = clock.now();
    if (now < newest) await store.tasks.hasten(now, now + longestPauseMs);
    newest = now;
    const how = { limit, running: [...running.values()] };
    const tasks = await store.tasks.lease(owner, now, leaseMs, how);
    for (const task of tasks) track(work(task), task);
  };

  const track = (promise: Promise<void>, { serverId }: Task): void => {
    running.set(promise, serverId);
    void promise.finally(() => {
      running.delete(promise);
      looking.nudge();
    });
  };

  const work = async (leased: Task): Promise<void> => {
    let readTask = async (): Promise<Task | undefined> => leased;
    while (!stopping.signal.aborted) {
      try {
        await runTask(context, options, exclusive, { leased, task: await readTask() });
        return;
      } catch (error) {
        log.error({ err: error, task: leased }, 'task stopped unexpectedly; it will be continued');
      }
      readTask = () => stillHeld(context, leased);
      resting += 1;
      looking.nudge();
      await pause(faultPauseMs, stopping.signal);
      resting -= 1;
    }
  };

  const renew = async (): Promise<void> => {
    if (running.size === 0) return;
    await store.tasks.renew(owner, clock.now() + leaseMs, [...running.values()]);
  };

  const failing = 'cannot take tasks; will try again';
  const looking = keepLooking(context, { topic: 'tasks', pollMs, failing }, takeDue);
  const renewing = repeat(renew, leaseMs / 3, (error) => {
    log.error({ err: error }, 'cannot renew leases; will try again');
  });
  return {
    async stop() {
      stopping.abort();
      await looking.stop();
      await Promise.all(running.keys());
      await renewing.stop();
    },
  };
}

/** The task as it stands now; undefined when it has ended or waits, or another took it over. */
async function stillHeld(
  { store, clock }: Pick<WorkflowContext, 'store' | 'clock'>,
  leased: Task,
): Promise<Task | undefined> {
  const task = await store.tasks.of(leased.serverId);
  const isDue = task !== undefined && task.dueAt !== null && task.dueAt <= clock.now();
  return isDue && task.epoch === leased.epoch ? task : undefined;
}

/** Steps until the task ends, waits, or is taken over. */
async function runTask(
  context: WorkflowContext,
  options: DispatcherOptions,
  exclusive: SerialQueue,
  { leased, ...from }: { leased: Task; task: Task | undefined },
): Promise<void> {
  let task: Task | undefined = from.task;
  while (task !== undefined) {
    const current: Task = task;
    const workflow = options.workflows[current.kind];
    const step = workflow.steps[current.step];
    const start: StepStart = { read: await step?.read?.(context, current) };
    const act = (): Promise<Task | undefined> =>
      runStep(context, { workflow, task: current, start });
    task = await (step?.exclusive === true ? exclusive.run(act) : act());
  }
  await context.store.tasks.release(leased, options.owner);
}

interface StepRun {
  workflow: Workflow;
  task: Task;
  start: StepStart;
}

/**
 * Runs and records one step. Returns the task at its next step when that is due at once, and the
 * same task when it must be run again.
 */
async function runStep(context: WorkflowContext, running: StepRun): Promise<Task | undefined> {
  const { workflow, task } = running;
  let outcome = await attempt(context, running);
  if (outcome === undefined) return undefined;
  let committed: CommitResult;
  try {
    committed = await context.store.commit({ task, ...outcome });
  } catch (error) {
    // What the store refuses (a port that another server has taken meanwhile) is the step's own
    // failure.
    if (!isComputeError(error, 'conflict')) throw error;
    outcome = await workflow.failed(context, task, error);
    committed = await context.store.commit({ task, ...outcome });
  }
  if (!committed.ok) return committed.why === 'stale-host' ? task : undefined;
  if (outcome.command !== undefined) context.wakeup.notify(`commands:${outcome.command.hostId}`);
  const { next } = outcome;
  if (next === null) {
    context.wakeup.notify(`ended:${task.serverId}`);
    context.wakeup.notify('network-events');
  }
  if (next === null || next.dueAt === null || next.dueAt > context.clock.now()) return undefined;
  const { kind = task.kind, step, data, dueAt } = next;
  return { ...task, kind, step, data, dueAt };
}

async function attempt(
  context: WorkflowContext,
  { workflow, task, start }: StepRun,
): Promise<StepOutcome | undefined> {
  try {
    const step = workflow.steps[task.step];
    invariant(step, `task ${task.id}: this version knows no step ${task.step} of ${task.kind}`);
    return await step.run(context, task, start);
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

/** Returns early when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
