/**
 * Runs workflows: takes due tasks from the store, runs their steps one after the other, and records each with one commit.
 * Holds no state that a restart would miss; the task rows are all.
 */
import type { CommitResult, Task, TaskKind } from '#contracts/store.ts';
import { invariant, isComputeError } from '#core/errors.ts';
import type { WorkflowContext } from './context.ts';
import { keepLooking } from './keep-looking.ts';
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
  leaseMs: number;
  /** Finds what a lost wake-up missed. */
  pollMs: number;
}

/** Starts taking tasks. `stop` returns when the steps that run now have ended. */
export function startDispatcher(
  context: WorkflowContext,
  options: DispatcherOptions,
): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const exclusive = oneAtATime();
  let stopped = false;

  const takeDue = async (): Promise<void> => {
    const free = options.concurrency - running.size;
    if (stopped || free <= 0) return;
    const now = context.clock.now();
    const tasks = await context.store.tasks.lease(options.owner, now, options.leaseMs, free);
    for (const task of tasks) track(work(task));
  };

  const track = (promise: Promise<void>): void => {
    running.add(promise);
    void promise.finally(() => {
      running.delete(promise);
      looking.nudge();
    });
  };

  const work = async (task: Task): Promise<void> => {
    try {
      await runTask(context, options, exclusive, task);
    } catch (error) {
      context.log.error({ err: error, task }, 'task stopped unexpectedly; its lease will run out');
    }
  };

  const { pollMs } = options;
  const failing = 'cannot take tasks; will try again';
  const looking = keepLooking(context, { topic: 'tasks', pollMs, failing }, takeDue);
  return {
    async stop() {
      stopped = true;
      await looking.stop();
      await Promise.all(running);
    },
  };
}

/** Steps until the task ends, waits, or is taken over. */
async function runTask(
  context: WorkflowContext,
  options: DispatcherOptions,
  exclusive: <T>(act: () => Promise<T>) => Promise<T>,
  leased: Task,
): Promise<void> {
  let task: Task | undefined = leased;
  while (task !== undefined) {
    const current: Task = task;
    const workflow = options.workflows[current.kind];
    const step = workflow.steps[current.step];
    const start: StepStart = { read: await step?.read?.(context, current) };
    const act = (): Promise<Task | undefined> =>
      runStep(context, { workflow, task: current, start });
    task = await (step?.exclusive === true ? exclusive(act) : act());
  }
  await context.store.tasks.release(leased, options.owner);
}

interface StepRun {
  workflow: Workflow;
  task: Task;
  start: StepStart;
}

/** Runs and records one step. Returns the task at its next step when that is due at once, and the same task when it must be run again. */
async function runStep(context: WorkflowContext, running: StepRun): Promise<Task | undefined> {
  const { workflow, task } = running;
  let outcome = await attempt(context, running);
  if (outcome === undefined) return undefined;
  let committed: CommitResult;
  try {
    committed = await context.store.commit({ task, ...outcome });
  } catch (error) {
    // What the store refuses (a port that another server has taken meanwhile) is the step's own failure.
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

/** Acts given to it run one after the other. */
function oneAtATime(): <T>(act: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (act) => {
    const result = tail.then(act);
    tail = result.catch(() => {});
    return result;
  };
}
