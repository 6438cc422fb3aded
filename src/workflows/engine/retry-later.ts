/** When a step that must not give up is retried. */
import type { NextStep, Task, TaskKind, TaskStepOf } from '#contracts/store/store.ts';
import { backoffMs } from '#runtime/backoff.ts';

const backoff = { firstMs: 500, longestMs: 30_000 };

/**
 * The same or another step, with growing pauses, to relieve a host in trouble. Example: tried three
 * times already → 4 seconds from `now`. Times are epoch milliseconds.
 */
export function retryLater<
  Kind extends 'act' | 'boot' | 'delete' | 'attach' | 'detach' | 'move' | 'shelve',
>(task: Task<Kind>, now: number, step: TaskStepOf[Kind] = task.step): NextStep<Kind> {
  const { tries = 0 } = task.data;
  const wait = backoffMs(backoff, tries);
  return { step, data: { ...task.data, tries: tries + 1 }, dueAt: now + wait };
}

const steadyMs = 2_000;

/**
 * The same step with the same data, two seconds later: for a failed step that sends nothing to a
 * host. `now`: epoch milliseconds.
 */
export function retryStep<Kind extends TaskKind>(
  { step, data }: Task<Kind>,
  now: number,
): NextStep<Kind> {
  return { step, data, dueAt: now + steadyMs };
}
