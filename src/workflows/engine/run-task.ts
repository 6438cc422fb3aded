/** Runs the steps of a leased task one after the other, and records each with one commit. */
import type {
  CommitResult,
  Lease,
  NextStep,
  StoredTask,
  Task,
  TaskKind,
  TaskRef,
  UnreadableTask,
} from '#contracts/store/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { inRequest } from '#runtime/messages/current-request.ts';
import type { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from './context.ts';
import type { JointlyRecorded, JointResult, JointStep, ParkedTask } from './direct-tasks.ts';
import { endUnreadable } from './endings.ts';
import { type KnownOfTask, TaskRun } from './task-run.ts';
import {
  asFailure,
  type StepOutcome,
  type StepStart,
  Superseded,
  type Workflow,
  type Workflows,
} from './workflow.ts';

/** What running a step needs. */
export interface StepParts {
  context: WorkflowContext;
  workflows: Workflows;
  /** For the steps that run one at a time. */
  exclusive: SerialQueue;
  newLease: () => Lease;
}

/** For how long a task is left to controllers of another version, in milliseconds. */
const leftToOthersMs = 3_000;

/** What follows a step: the task to continue with, or whether its lease has been released. */
type Progress = { task: Task } | { task: undefined; isReleased: boolean };

/**
 * Runs steps until the task ends, waits, or is taken over. False: its lease has not been released.
 * `known`: what was just recorded of it.
 */
export function runTask(
  parts: StepParts,
  leased: StoredTask | undefined,
  known?: KnownOfTask,
): Promise<boolean> {
  return inRequest(leased?.request, () => runSteps(parts, leased, known));
}

async function runSteps(
  { context, ...others }: StepParts,
  leased: StoredTask | undefined,
  known: KnownOfTask | undefined,
): Promise<boolean> {
  const parts = { ...others, context: { ...context, run: new TaskRun(known) } };
  let progress: Progress | { task: StoredTask } =
    leased === undefined ? { task: undefined, isReleased: false } : { task: leased };
  while (progress.task !== undefined) {
    const task: StoredTask = progress.task;
    progress = 'problem' in task ? await recover(parts, task) : await runNext(parts, task);
  }
  return progress.isReleased;
}

async function runNext<Kind extends TaskKind>(
  parts: StepParts,
  task: Task<Kind>,
): Promise<Progress> {
  const workflow: Workflow<Kind> = parts.workflows[task.kind];
  return inTurn(parts, task, (start) => runStep(parts, { workflow, task, start }));
}

/** Reads what the task's step starts from, then acts: alone, where the step runs one at a time. */
async function inTurn<Kind extends TaskKind, Result>(
  { context, workflows, exclusive }: StepParts,
  task: Task<Kind>,
  act: (start: StepStart) => Promise<Result>,
): Promise<Result> {
  const workflow: Workflow<Kind> = workflows[task.kind];
  const step = workflow.steps[task.step];
  const start: StepStart = { read: await step.read?.(context, task) };
  return step.exclusive === true ? exclusive.run(() => act(start)) : act(start);
}

/** Runs a step of which `record` records more than the step; as `TaskRunner.runJointly`. */
export function runJointly<Kind extends TaskKind>(
  parts: StepParts,
  step: JointStep<Kind>,
  record: (outcome: StepOutcome<Kind>) => Promise<JointResult>,
): Promise<JointlyRecorded | undefined> {
  return inRequest(step.task.request, () => runJointStep(parts, step, record));
}

async function runJointStep<Kind extends TaskKind>(
  parts: StepParts,
  { task, known }: JointStep<Kind>,
  record: (outcome: StepOutcome<Kind>) => Promise<JointResult>,
): Promise<JointlyRecorded | undefined> {
  const run = new TaskRun(known);
  const context = { ...parts.context, run };
  const workflow: Workflow<Kind> = parts.workflows[task.kind];
  return inTurn({ ...parts, context }, task, async (start) => {
    const outcome = await attempt(context, { workflow, task, start });
    if (outcome === undefined) return undefined;
    const recordedAt = context.clock.now();
    const committed = await record(outcome);
    if (!committed.ok) {
      const { host } = outcome;
      if (committed.why === 'stale-host' && host !== undefined) context.fleet.outdated(host.hostId);
      return undefined;
    }
    const { task: next } = taskAfter(parts, { task, outcome, committed });
    const { server } = committed;
    const { networks } = known;
    return {
      task: next,
      known: { recordedAt, ...(server && { server }), ...(networks && { networks }) },
    };
  });
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
  parts: StepParts,
  running: StepRun<Kind>,
): Promise<Progress> {
  const { context } = parts;
  const { workflow, task } = running;
  let outcome = await attempt(context, running);
  if (outcome === undefined) return { task: undefined, isReleased: false };
  let committed: CommitResult;
  try {
    committed = await record(parts, task, outcome);
  } catch (error) {
    // What the store refuses (a port that another server has taken since) is the step's own
    // failure.
    if (!isComputeError(error, 'conflict')) throw error;
    outcome = await workflow.failed(context, task, error);
    committed = await record(parts, task, outcome);
  }
  if (!committed.ok && committed.why === 'stale-host') {
    if (outcome.host !== undefined) context.fleet.outdated(outcome.host.hostId);
    return { task };
  }
  return taskAfter(parts, { task, outcome, committed });
}

/** Runs the step; undefined: another workflow has taken over. */
async function attempt<Kind extends TaskKind>(
  context: WorkflowContext,
  { workflow, task, start }: StepRun<Kind>,
): Promise<StepOutcome<Kind> | undefined> {
  const about = { task: task.id, server: task.serverId, step: task.step };
  context.log.debug(about, `${task.kind}: step ${task.step}`);
  try {
    return await workflow.steps[task.step].run(context, task, start);
  } catch (error) {
    if (error instanceof Superseded) return undefined;
    const failure = asFailure(error);
    context.log.warn(
      { ...about, detail: failure.detail },
      `${task.kind}: step ${task.step} failed: ${failure.message}`,
    );
    return workflow.failed(context, task, failure);
  }
}

/**
 * A task whose row cannot be read fails with that: its workflow determines the outcome, and without
 * such a workflow its server goes to ERROR, unless it is deleted. While controllers of two versions
 * run, it is left to the others.
 */
async function recover(parts: StepParts, unreadable: UnreadableTask): Promise<Progress> {
  const { context, workflows } = parts;
  const { problem } = unreadable;
  if (context.peers?.hasOtherVersion() === true) {
    // A controller of the newer version may have written it, and can run it.
    const until = context.clock.now() + leftToOthersMs;
    await context.store.tasks.postpone(unreadable, { owner: parts.newLease().owner, until });
    return { task: undefined, isReleased: true };
  }
  const error = new ComputeError('unavailable', problem);
  context.log.error({ task: unreadable.id, server: unreadable.serverId }, problem);
  const isKnown = Object.hasOwn(workflows, unreadable.kind);
  const kind: TaskKind = isKnown ? (unreadable.kind as TaskKind) : 'act';
  const outcome = isKnown
    ? await workflows[kind].recover(context, unreadable, error)
    : await endUnreadable(context, unreadable, error);
  const task = { ...unreadable, kind };
  const committed = await record(parts, task, outcome);
  return taskAfter(parts, { task, outcome, committed });
}

async function record<Kind extends TaskKind>(
  { context, newLease }: StepParts,
  task: TaskRef<Kind>,
  outcome: StepOutcome<Kind>,
): Promise<CommitResult> {
  // Before the commit: the process may pause after it.
  const from = context.clock.now();
  const committed = await context.store.commit({ task, ...outcome, lease: newLease() });
  if (committed.ok) context.run?.committed(outcome, from);
  return committed;
}

interface Recorded<Kind extends TaskKind> {
  task: TaskRef<Kind>;
  outcome: StepOutcome<Kind>;
  committed: CommitResult;
}

/** Wakes those that wait for the recorded change. */
function taskAfter<Kind extends TaskKind>(
  parts: StepParts,
  { task, outcome, committed }: Recorded<Kind>,
): Progress {
  const { wakeup, links } = parts.context;
  if (!committed.ok) return { task: undefined, isReleased: false };
  const { command, next } = outcome;
  const following = next === null ? undefined : followingTask(task, next);
  if (command !== undefined) {
    const { command: issued } = committed;
    if (following !== undefined && issued !== undefined) {
      const { hostId, serverId, body } = command;
      park(parts, {
        task: following,
        command: { hostId, seq: issued.seq, serverId, kind: body.do },
      });
    }
    if (!links.issued(command.hostId, issued)) wakeup.notify(`commands:${command.hostId}`);
  }
  if (following === undefined) wakeup.notify(`ended:${task.serverId}`);
  if (committed.isDue !== true) return { task: undefined, isReleased: true };
  return following === undefined ? { task: undefined, isReleased: true } : { task: following };
}

function followingTask(
  { kind: current, id, serverId, epoch, actionId, request }: TaskRef,
  next: NextStep,
): Task {
  const { kind = current, step, data, dueAt } = next;
  const task = { id, serverId, epoch, actionId, kind, step, data, dueAt };
  return request === undefined ? task : { ...task, request };
}

/** Keeps the task if it waits for the command with a step that can join the answer. */
function park({ context, workflows }: StepParts, parked: ParkedTask): void {
  const { kind, step, dueAt } = parked.task;
  const steps: Record<string, { joinsAnswer?: true }> = workflows[kind].steps;
  if (dueAt === null && steps[step]?.joinsAnswer === true) context.direct.park(parked);
}
