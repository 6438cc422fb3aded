/**
 * The shape of a workflow: named steps over a task row. A step acts, and returns what is to be
 * recorded; it records nothing itself.
 */
import type {
  ActionOutcome,
  NextStep,
  Task,
  TaskKind,
  TaskRef,
  TaskStepOf,
  Transition,
  UnreadableTask,
} from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from './context.ts';

/** What a step wants recorded, apart from where the workflow goes next. */
type StepChanges = Omit<Transition, 'task' | 'next' | 'outcome'>;

/**
 * A step after which the workflow continues. Example: `{ next: { step: 'release', data, dueAt } }`.
 */
export interface StepContinues<Kind extends TaskKind> extends StepChanges {
  next: NextStep<Kind>;
  /** Where it is recorded before the workflow ends, as while a boot's undo waits for a host. */
  outcome?: ActionOutcome;
}

/** The last step, which has to state the outcome. Example: `{ outcome: succeeded, next: null }`. */
export interface StepEnds extends StepChanges {
  next: null;
  outcome: ActionOutcome;
}

/** What a step wants recorded, together with where the workflow goes next. */
export type StepOutcome<Kind extends TaskKind> = StepContinues<Kind> | StepEnds;

/** What a step starts from, beside its task. */
export interface StepStart<Read = unknown> {
  /** What `read` gave. */
  read: Read;
}

export interface WorkflowStep<Kind extends TaskKind, Read = unknown> {
  /**
   * Reads from others what `run` needs, before its turn: a slow answer holds up no other task.
   * Throws nothing.
   */
  read?(context: WorkflowContext, task: Task<Kind>): Promise<Read>;
  /**
   * Does the step. It may be run again after a crash, so every outside effect is idempotent and
   * comes after `assertCurrent`. Throws when it cannot be done; the workflow's `failed` then
   * determines what follows.
   */
  run(
    context: WorkflowContext,
    task: Task<Kind>,
    start: StepStart<Read>,
  ): Promise<StepOutcome<Kind>>;
  /** Run and recorded one at a time in this process: for steps that compete for the same rows. */
  exclusive?: boolean;
  /**
   * It has no effect outside of the store, so it needs no lease while it runs: it is recorded in
   * the commit of the answer that it waits for.
   */
  joinsAnswer?: true;
  /**
   * Of a step forward: the step that takes back what this one does. Steps without one release
   * something, or end the workflow; they are tried again until they succeed.
   */
  undo?: TaskStepOf[Kind];
}

/** The steps stand in their order: those forward first, then those back. */
export interface Workflow<Kind extends TaskKind> {
  steps: { [Step in TaskStepOf[Kind]]: WorkflowStep<Kind> };
  /** What follows when a step threw. */
  failed(
    context: WorkflowContext,
    task: Task<Kind>,
    error: ComputeError,
  ): Promise<StepOutcome<Kind>>;
  /**
   * What follows when the row of the task cannot be read, as after an upgrade that went back: a way
   * that ends, and that releases what is known to be held.
   */
  recover(
    context: WorkflowContext,
    task: UnreadableTask,
    error: ComputeError,
  ): Promise<StepOutcome<Kind>>;
}

export type Workflows = { [Kind in TaskKind]: Workflow<Kind> };

/** Another workflow took this server over. Not an error: the one who sees it just stops. */
export class Superseded extends Error {}

/**
 * Call before every outside effect: throws Superseded when the task's epoch is no longer current,
 * so that a boot whose server is being deleted, or a controller whose lease ran out, stops acting
 * on stale truth.
 */
export async function assertCurrent(
  { store, run, clock }: Pick<WorkflowContext, 'store' | 'run' | 'clock'>,
  task: Pick<TaskRef, 'serverId' | 'epoch'>,
): Promise<void> {
  if (run?.isCurrent(clock.now()) === true) return;
  if (!(await store.tasks.isCurrent(task))) throw new Superseded();
}

/** Any thrown thing as a ComputeError, so that `failed` can word it. */
export function asFailure(error: unknown): ComputeError {
  if (error instanceof ComputeError) return error;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ComputeError('bug', 'internal error', { detail, cause: error });
}
