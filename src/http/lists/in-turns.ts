/** Long lists are processed in slices between other work, so that none delays other requests. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Steps } from '#core/steps.ts';

const turnMs = 10;

/**
 * What `make` gives for each item. Other requests are served about every 10 ms. Example: `await
 * mapInTurns(servers, (one) => viewServer(call, one))`.
 */
export async function mapInTurns<Item, Made>(
  items: readonly Item[],
  make: (item: Item) => Made,
): Promise<Made[]> {
  const made: Made[] = [];
  let turnEnd = performance.now() + turnMs;
  for (const item of items) {
    made.push(make(item));
    if (performance.now() < turnEnd) continue;
    await afterEvents();
    turnEnd = performance.now() + turnMs;
  }
  return made;
}

/**
 * The same for a computation that stops after each step. Example: `await
 * runInTurns(checkingDeviceSpecs(specs, devices))`.
 */
export async function runInTurns<Made>(steps: Steps<Made>): Promise<Made> {
  let turnEnd = performance.now() + turnMs;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEnd) continue;
    await afterEvents();
    turnEnd = performance.now() + turnMs;
  }
}

/**
 * The items that pass the test, in their order, also in slices. Example: `await
 * filterInTurns(servers, isWanted)`.
 */
export async function filterInTurns<Item>(
  items: readonly Item[],
  isWanted: (item: Item) => boolean,
): Promise<Item[]> {
  const wanted = await mapInTurns(items, (item) => (isWanted(item) ? [item] : []));
  return wanted.flat();
}
