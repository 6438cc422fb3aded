/** When a step that must not give up is tried again. */
import type { NextStep, Task } from '#contracts/store/store.ts';

const firstMs = 500;
const longestMs = 30_000;

/**
 * The same or another step, soon at first, then ever more rarely, so that a host in trouble is not
 * pressed. Example: tried three times already → 4 seconds from `now`. Times are epoch milliseconds.
 */
export function retryLater(task: Task, now: number, step = task.step): NextStep {
  const tries = Number(task.data['tries'] ?? 0);
  const wait = Math.min(longestMs, firstMs * 2 ** tries);
  return { step, data: { ...task.data, tries: tries + 1 }, dueAt: now + wait };
}

const steadyMs = 2_000;

/**
 * The same step with what it was handed, two seconds later: for a step that failed and asks no
 * host. `now`: epoch milliseconds.
 */
export function retryStep({ step, data }: Task, now: number): NextStep {
  return { step, data, dueAt: now + steadyMs };
}
