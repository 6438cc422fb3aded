/**
 * Tasks that this process runs at once: the commit that makes one due leases it too, so that no
 * poll and no lease of its own come in between.
 */
import type { Lease, StoredTask } from '#contracts/store/store.ts';
import type { KnownOfTask } from './task-run.ts';

/** The dispatcher's side: how many more tasks it can run now, and how to run one it has leased. */
export interface TaskRunner {
  free(): number;
  newLease(): Lease;
  run(task: StoredTask, known?: KnownOfTask): void;
  /** A slot is free that a poll may have missed. */
  wake(): void;
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

export class DirectTasks {
  #runner: TaskRunner | undefined;
  #held = 0;

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
        runner?.wake();
      },
    };
  }
}
