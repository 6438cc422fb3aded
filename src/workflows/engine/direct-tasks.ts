/**
 * Tasks that this process runs at once: the commit that makes one due leases it too, so that no
 * poll and no lease of its own come in between.
 */
import type {
  CommitResult,
  Lease,
  StoredCommand,
  StoredTask,
  Task,
  TaskKind,
  Transition,
} from '#contracts/store/store.ts';
import type { Server } from '#core/servers/server.ts';
import type { KnownOfTask } from './task-run.ts';

/**
 * A step that is recorded in the commit of what it follows: the first step of a new server's boot
 * with the server, or a step with the answer of a host that it waited for. That saves a commit, and
 * no state lies between the two. Where it is not recorded that way, for whatever reason, both are
 * recorded one after the other.
 */
export interface JointStep<Kind extends TaskKind = TaskKind> {
  task: Task<Kind>;
  known: KnownOfTask;
}

/** What the step returned. */
type Outcome<Kind extends TaskKind> = Omit<Transition<Kind>, 'task'>;

/** `server`: as recorded, where the commit also created it. */
export type JointResult = CommitResult & { server?: Server };

/**
 * Records what the step returned together with what it follows; a refusal records neither. `lease`:
 * who runs the next step where it is due at once.
 */
type RecordJointly<Kind extends TaskKind> = (
  outcome: Outcome<Kind>,
  lease: Lease,
) => Promise<JointResult>;

/** What follows: the task to run now with what is known of it, if any. */
export interface JointlyRecorded {
  task: StoredTask | undefined;
  known: KnownOfTask;
}

/** The dispatcher's side: how many more tasks it can run now, and how to run one it has leased. */
export interface TaskRunner {
  free(): number;
  newLease(): Lease;
  run(task: StoredTask, known?: KnownOfTask): void;
  /** Undefined: nothing was recorded. Throws what `record` throws. */
  runJointly<Kind extends TaskKind>(
    step: JointStep<Kind>,
    record: (outcome: Outcome<Kind>) => Promise<JointResult>,
  ): Promise<JointlyRecorded | undefined>;
  /** A slot that was held is free: the last poll may have left tasks for want of it. */
  slotFreed(): void;
}

/** Slots that are held for tasks which are being recorded. */
export interface HeldSlots {
  /** One for each slot; record no more tasks with a lease. */
  leases: readonly Lease[];
  /** Runs a task that was recorded with one of the leases. `known`: what was recorded of it. */
  run(task: StoredTask, known?: KnownOfTask): void;
  /** Frees the slots that were not used. */
  end(): void;
}

/** A task whose next step can join the answer to this command, for which it waits. */
export interface ParkedTask {
  task: Task;
  command: Omit<StoredCommand, 'result'>;
}

type CommandNumber = Pick<StoredCommand, 'hostId' | 'seq'>;

/** More are forgotten, the oldest first: their answers and their steps are recorded apart. */
const mostParked = 10_000;

export class DirectTasks {
  #runner: TaskRunner | undefined;
  #held = 0;
  /** By the command that they wait for. */
  readonly #parked = new Map<string, ParkedTask>();

  /** Slots that are held and not used yet. */
  get held(): number {
    return this.#held;
  }

  /**
   * Until the returned function is called, tasks go to this dispatcher; before and after, a poll
   * finds them.
   */
  attach(runner: TaskRunner): () => void {
    this.#runner = runner;
    return () => {
      this.#runner = undefined;
    };
  }

  /**
   * Holds slots for so many tasks, fewer where the dispatcher is busy. Example: `const slots =
   * direct.hold(1)`; record with `slots.leases[0]`; `slots.run(task)`; always `slots.end()`.
   */
  hold(wanted: number): HeldSlots {
    const runner = this.#runner;
    const count = Math.max(0, Math.min(wanted, runner?.free() ?? 0));
    let unused = count;
    this.#held += count;
    const use = (slots: number): void => {
      unused -= slots;
      this.#held -= slots;
    };
    return {
      leases: runner === undefined ? [] : Array.from({ length: count }, () => runner.newLease()),
      run: (task, known) => {
        use(1);
        runner?.run(task, known);
      },
      end: () => {
        if (unused === 0) return;
        use(unused);
        runner?.slotFreed();
      },
    };
  }

  park(parked: ParkedTask): void {
    this.#parked.set(keyOf(parked.command), parked);
    const [oldest] = this.#parked.keys();
    if (this.#parked.size > mostParked && oldest !== undefined) this.#parked.delete(oldest);
  }

  /** The task that waits for this answer, if this process has parked it; it is not kept longer. */
  takeParked(number: CommandNumber): ParkedTask | undefined {
    const parked = this.#parked.get(keyOf(number));
    this.#parked.delete(keyOf(number));
    return parked;
  }

  /**
   * Runs a step and records it with what it follows, then continues its task. False: nothing was
   * recorded, because the dispatcher is busy or `record` refused. Throws what `record` throws.
   */
  async join<Kind extends TaskKind>(
    step: JointStep<Kind>,
    record: RecordJointly<Kind>,
  ): Promise<boolean> {
    const runner = this.#runner;
    const slots = this.hold(1);
    try {
      const [lease] = slots.leases;
      if (runner === undefined || lease === undefined) return false;
      const recorded = await runner.runJointly(step, (outcome) => record(outcome, lease));
      if (recorded?.task !== undefined) slots.run(recorded.task, recorded.known);
      return recorded !== undefined;
    } finally {
      slots.end();
    }
  }
}

function keyOf({ hostId, seq }: CommandNumber): string {
  return `${hostId} ${seq}`;
}
