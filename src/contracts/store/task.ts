/**
 * The workflow of a server as its row keeps it: kind, step and data are typed together, so that a
 * step of another workflow, or data of another workflow, does not compile.
 */
import type { RequestIds } from '#core/request-ids.ts';
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

/** The steps of each kind of workflow, by their name in the row. */
export interface TaskStepOf {
  boot: 'schedule' | 'bind-ports' | 'guest-started' | 'wait-for-plug' | RemovalStep;
  delete:
    | RemovalStep
    | 'delete-late-ports'
    | 'drop-images'
    | 'remove-elsewhere'
    | 'elsewhere-removed'
    | 'release-elsewhere';
  act: 'command-host' | 'host-answered' | 'drop-image';
  attach: 'claim' | 'bind-ports' | 'nic-attached' | 'wait-for-plug' | NicRemovalStep;
  detach: NicRemovalStep;
  follow: 'follow';
  'follow-ports': 'follow' | 'host-answered';
  shelve:
    | 'stop-guest'
    | 'guest-stopped'
    | 'image-copied'
    | 'remove-guest'
    | 'guest-removed'
    | 'unbind-ports'
    | 'release'
    | 'start-guest'
    | 'guest-started'
    | 'drop-image';
  move:
    | 'reserve'
    | 'bind-target'
    | 'offered'
    | 'prefetched'
    | 'expected'
    | 'source-left'
    | 'switch-ports'
    | 'target-started'
    | 'drop-image'
    | 'clear-target'
    | 'target-cleared'
    | 'restore-ports'
    | 'restore-source'
    | 'source-restored'
    | 'release-target'
    | 'clear-source'
    | 'source-cleared'
    | 'release-source';
}

/** Which task it is, and in which epoch: what a commit needs. */
export interface TaskRef<Kind extends TaskKind = TaskKind> {
  id: string;
  serverId: string;
  kind: Kind;
  epoch: number;
  actionId: string;
  /** The request that it belongs to. Absent: an earlier version began it. */
  request?: RequestIds;
}

/**
 * The workflow of a server: at most one. `epoch` grows when another workflow takes over, or another
 * process takes the task because its lease expired, and is never reset; commits of an older epoch
 * are refused.
 */
export interface Task<Kind extends TaskKind = TaskKind> extends TaskRef<Kind> {
  step: TaskStepOf[Kind];
  /** What the steps pass on. */
  data: TaskDataOf[Kind];
  /** null: waits for a host's answer. */
  dueAt: number | null;
}

/**
 * A task that this version cannot continue: kind or step are unknown to it, or its data cannot be
 * read. `data`: the JSON of the row, null without any. `problem` describes the cause, and names the
 * version that wrote the row and the readable ones.
 */
export interface UnreadableTask extends Omit<TaskRef, 'kind'> {
  kind: string;
  step: string;
  data: unknown;
  dueAt: number | null;
  problem: string;
}

export type StoredTask = Task | UnreadableTask;

/**
 * The owner of a task's lease, and its end (epoch milliseconds); until then no other process runs
 * its steps.
 */
export interface Lease {
  owner: string;
  until: number;
}

/** A task to begin. `lease`: its initial owner; default: any free process takes it. */
export type NewTask<Kind extends TaskKind = TaskKind> = Omit<Task<Kind>, 'epoch'> & {
  lease?: Lease;
};

interface When {
  /**
   * null: park until the host answers the server's newest command; due at once when it has
   * answered, or there is no command.
   */
  dueAt: number | null;
  /** With a time: also due at once when the host has answered the server's newest command. */
  awaitsAnswer?: boolean;
  /** Due at once when an event of this kind has arrived that the step did not read. */
  awaits?: NetworkEventKind;
}

/** A step of the same workflow. */
interface SameWorkflow<Kind extends TaskKind> {
  kind?: never;
  step: TaskStepOf[Kind];
  data: TaskDataOf[Kind];
}

/** A step of the named workflow. */
type OtherWorkflow = {
  [Kind in TaskKind]: { kind: Kind; step: TaskStepOf[Kind]; data: TaskDataOf[Kind] };
}[TaskKind];

/** The next move of a task of this kind. */
export type NextStep<Kind extends TaskKind = TaskKind> = (SameWorkflow<Kind> | OtherWorkflow) &
  When;
