/**
 * Runs workflows: leases due tasks in the store and runs them, as many at once as configured.
 * Holds no state that a restart would lose; the task rows are all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredTask } from '#contracts/store/store.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from './context.ts';
import type { TaskRunner } from './direct-tasks.ts';
import { pollLoop } from './poll-loop.ts';
import { repeat } from '#runtime/timing/repeat.ts';
import { runJointly, runTask, type StepParts } from './run-task.ts';
import type { KnownOfTask } from './task-run.ts';
import type { Workflows } from './workflow.ts';

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
  const parts: StepParts = {
    context,
    workflows: options.workflows,
    exclusive: new SerialQueue(),
    newLease: () => ({ owner, until: clock.now() + leaseMs }),
  };
  const stopping = new AbortController();
  const readClock = clockOf(context);
  /** The last poll may have left due tasks, for want of slots. */
  let isShort = false;
  let polls = 0;
  const free = () => concurrency - (running.size - resting) - context.direct.held;

  const takeDue = async (): Promise<void> => {
    const limit = free();
    isShort = limit <= 0;
    if (stopping.signal.aborted || isShort) return;
    polls += 1;
    const how = { limit, running: [...running.values()] };
    const tasks = await store.tasks.lease(owner, await readClock(), leaseMs, how);
    isShort = tasks.length === limit;
    for (const task of tasks) run(task);
  };

  const run = (task: StoredTask, known?: KnownOfTask): void => {
    const pollsBefore = polls;
    const promise = work(task, known);
    running.set(promise, task.serverId);
    void promise.finally(() => {
      running.delete(promise);
      // A poll leaves the tasks of running servers, and those for which there is no slot.
      if (isShort || polls > pollsBefore) polling.wake();
    });
  };

  const work = async (leased: StoredTask, known?: KnownOfTask): Promise<void> => {
    let runSteps = () => runTask(parts, leased, known);
    while (!stopping.signal.aborted) {
      try {
        if (await runSteps()) return;
        await store.tasks.release(leased, owner);
        return polling.wake();
      } catch (error) {
        log.error({ err: error, task: leased }, 'task stopped unexpectedly; it will be continued');
      }
      runSteps = async () => runTask(parts, await stillHeld(context, leased));
      resting += 1;
      polling.wake();
      await pause(faultPauseMs, stopping.signal);
      resting -= 1;
    }
  };

  const failing = 'cannot lease tasks; will try again';
  const polling = pollLoop(context, { topic: 'tasks', pollMs, failing }, takeDue);
  const slotFreed = () => (isShort ? polling.wake() : undefined);
  const detach = context.direct.attach({ ...runnerOf(parts), free, run, slotFreed });
  const renewing = renewLeases(parts, leaseMs / 3, () => [...running.values()]);
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

function runnerOf(parts: StepParts): Pick<TaskRunner, 'newLease' | 'runJointly'> {
  const { newLease } = parts;
  return { newLease, runJointly: (step, record) => runJointly(parts, step, record) };
}

function renewLeases(
  { context: { store, log }, newLease }: StepParts,
  pauseMs: number,
  running: () => string[],
): { stop(): Promise<void> } {
  const renew = async (): Promise<void> => {
    const { owner, until } = newLease();
    const serverIds = running();
    if (serverIds.length > 0) await store.tasks.renew(owner, until, serverIds);
  };
  return repeat(renew, pauseMs, (error) => {
    log.error({ err: error }, 'cannot renew leases; will try again');
  });
}

/**
 * Reads the clock. When it has gone back, also since the previous process, tasks that were
 * scheduled by the later time become due earlier.
 */
function clockOf({
  store,
  clock,
}: Pick<WorkflowContext, 'store' | 'clock'>): () => Promise<number> {
  let newest = Infinity;
  return async () => {
    const now = clock.now();
    if (now < newest) await store.tasks.hasten(now, now + longestPauseMs);
    newest = now;
    return now;
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

/** Returns early when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
