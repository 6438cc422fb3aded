/**
 * The workflow of a server as its row keeps it: kind, step and data belong together, so that a step
 * that its workflow does not have, or data of another workflow, does not compile.
 */
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import type { TaskDataOf } from './task-data.ts';

export type { TaskDataOf } from './task-data.ts';

export type TaskKind = keyof TaskDataOf;

/** Steps that remove a guest and release what it holds. The last two wait for a silent host. */
type RemovalStep =
  | 'remove-guest'
  | 'guest-removed'
  | 'unbind-ports'
  | 'release'
  | 'host-returned'
  | 'remove-guest-again';

/** Steps that remove one NIC and release what it holds. */
type NicRemovalStep = 'detach-nic' | 'nic-detached' | 'unbind-ports' | 'release';

/** The steps of each kind of workflow, by the name that the row keeps. */
export interface TaskStepOf {
  boot: 'schedule' | 'bind-ports' | 'guest-started' | 'wait-for-plug' | RemovalStep;
  delete: RemovalStep | 'delete-late-ports';
  act: 'command-host' | 'host-answered';
  attach: 'claim' | 'bind-ports' | 'nic-attached' | 'wait-for-plug' | NicRemovalStep;
  detach: NicRemovalStep;
  follow: 'follow';
  'follow-ports': 'follow' | 'host-answered';
}

/** Which task it is, and in which epoch: what a commit needs. */
export interface TaskRef<Kind extends TaskKind = TaskKind> {
  id: string;
  serverId: string;
  kind: Kind;
  epoch: number;
  actionId: string;
}

/**
 * The workflow of a server: at most one. `epoch` grows when another workflow takes over, or when
 * another takes the task because its lease ran out, and never starts again; what an older epoch
 * commits is refused.
 */
export interface Task<Kind extends TaskKind = TaskKind> extends TaskRef<Kind> {
  step: TaskStepOf[Kind];
  /** What the steps hand on. */
  data: TaskDataOf[Kind];
  /** null: waits for a host's answer. */
  dueAt: number | null;
}

/**
 * A task that this version cannot continue: kind or step are not known to it, or its data cannot be
 * read. `data`: the JSON of the row, null where it is none. `problem` says what is wrong, and names
 * the version that wrote the row and those that can be read.
 */
export interface UnreadableTask extends Omit<TaskRef, 'kind'> {
  kind: string;
  step: string;
  data: unknown;
  dueAt: number | null;
  problem: string;
}

export type StoredTask = Task | UnreadableTask;

/** Who holds a task, and until when (epoch milliseconds); no one else runs its steps before. */
export interface Lease {
  owner: string;
  until: number;
}

/**
 * A task to begin. `lease`: whose it is from the start; default: it is taken by whoever is free.
 */
export type NewTask<Kind extends TaskKind = TaskKind> = Omit<Task<Kind>, 'epoch'> & {
  lease?: Lease;
};

interface When {
  /**
   * null: park until the host answers the server's newest command; due at once when it has, or when
   * there is none.
   */
  dueAt: number | null;
  /** Due at once when an event of this kind has come that the step did not see. */
  awaits?: NetworkEventKind;
}

/** A step of the same workflow. */
interface SameWorkflow<Kind extends TaskKind> {
  kind?: never;
  step: TaskStepOf[Kind];
  data: TaskDataOf[Kind];
}

/** A step of a workflow that is named. */
type OtherWorkflow = {
  [Kind in TaskKind]: { kind: Kind; step: TaskStepOf[Kind]; data: TaskDataOf[Kind] };
}[TaskKind];

/** What a task of this kind does next. */
export type NextStep<Kind extends TaskKind = TaskKind> = (SameWorkflow<Kind> | OtherWorkflow) &
  When;
