/**
 * Runs workflows: takes due tasks from the store, runs their steps one after the other, and records
 * each with one commit. Holds no state that a restart would lose; the task rows are all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CommitResult,
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
  const exclusive = new SerialQueue();
  const stopping = new AbortController();
  /** Before the first poll: the clock may have gone back since the previous process. */
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

  const track = (promise: Promise<void>, { serverId }: StoredTask): void => {
    running.set(promise, serverId);
    void promise.finally(() => {
      running.delete(promise);
      polling.wake();
    });
  };

  const work = async (leased: StoredTask): Promise<void> => {
    let readTask = async (): Promise<StoredTask | undefined> => leased;
    while (!stopping.signal.aborted) {
      try {
        await runTask(context, options, exclusive, { leased, task: await readTask() });
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
  const renewing = repeat(renew, leaseMs / 3, (error) => {
    log.error({ err: error }, 'cannot renew leases; will try again');
  });
  return {
    async stop() {
      stopping.abort();
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

/** Runs steps until the task ends, waits, or is taken over. */
async function runTask(
  context: WorkflowContext,
  options: DispatcherOptions,
  exclusive: SerialQueue,
  { leased, ...from }: { leased: StoredTask; task: StoredTask | undefined },
): Promise<void> {
  let task = from.task;
  while (task !== undefined) {
    task =
      'problem' in task
        ? await recover(context, options, task)
        : await runNext(context, options, exclusive, task);
  }
  await context.store.tasks.release(leased, options.owner);
}

async function runNext<Kind extends TaskKind>(
  context: WorkflowContext,
  { workflows }: DispatcherOptions,
  exclusive: SerialQueue,
  task: Task<Kind>,
): Promise<Task | undefined> {
  const workflow: Workflow<Kind> = workflows[task.kind];
  const step = workflow.steps[task.step];
  const start: StepStart = { read: await step.read?.(context, task) };
  const act = (): Promise<Task | undefined> => runStep(context, { workflow, task, start });
  return step.exclusive === true ? exclusive.run(act) : act();
}

interface StepRun<Kind extends TaskKind> {
  workflow: Workflow<Kind>;
  task: Task<Kind>;
  start: StepStart;
}

/**
 * Runs and records one step. Returns the task at its next step when that is due at once, and the
 * same task when it must be run again.
 */
async function runStep<Kind extends TaskKind>(
  context: WorkflowContext,
  running: StepRun<Kind>,
): Promise<Task | undefined> {
  const { workflow, task } = running;
  let outcome = await attempt(context, running);
  if (outcome === undefined) return undefined;
  let committed: CommitResult;
  try {
    committed = await context.store.commit({ task, ...outcome });
  } catch (error) {
    // What the store refuses (a port that another server has taken since) is the step's own
    // failure.
    if (!isComputeError(error, 'conflict')) throw error;
    outcome = await workflow.failed(context, task, error);
    committed = await context.store.commit({ task, ...outcome });
  }
  if (!committed.ok) return committed.why === 'stale-host' ? task : undefined;
  return taskAfter(context, task, outcome);
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
  context: WorkflowContext,
  { workflows }: DispatcherOptions,
  task: UnreadableTask,
): Promise<Task | undefined> {
  const error = new ComputeError('unavailable', task.problem);
  context.log.error({ task: task.id, server: task.serverId }, task.problem);
  const kind: TaskKind = Object.hasOwn(workflows, task.kind) ? (task.kind as TaskKind) : 'act';
  const outcome =
    kind === task.kind
      ? await workflows[kind].recover(context, task, error)
      : await endUnreadable(context, task, error);
  const committed = await context.store.commit({ task: { ...task, kind }, ...outcome });
  return committed.ok ? taskAfter(context, { ...task, kind }, outcome) : undefined;
}

/**
 * Wakes those that wait for the recorded change. Returns the task at its next step if that is due
 * at once.
 */
function taskAfter<Kind extends TaskKind>(
  { wakeup, clock }: WorkflowContext,
  task: TaskRef<Kind>,
  { command, next }: StepOutcome<Kind>,
): Task | undefined {
  if (command !== undefined) wakeup.notify(`commands:${command.hostId}`);
  if (next === null) {
    wakeup.notify(`ended:${task.serverId}`);
    wakeup.notify('network-events');
  }
  if (next === null || next.dueAt === null || next.dueAt > clock.now()) return undefined;
  const { id, serverId, epoch, actionId } = task;
  const { kind = task.kind, step, data, dueAt } = next;
  return { id, serverId, epoch, actionId, kind, step, data, dueAt };
}

/** Returns early when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
