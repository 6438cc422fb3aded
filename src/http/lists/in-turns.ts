/** Long lists are processed in slices between other work, so that none delays other requests. */
import type { Steps } from '#core/steps.ts';
import { TurnQueue } from './turn-queue.ts';

const queue = new TurnQueue({ now: () => performance.now(), afterEvents: setImmediate });

/**
 * What `make` gives for each item. Other requests are served about every 10 ms, however many lists
 * are processed. Example: `await mapInTurns(servers, (one) => viewServer(call, one))`.
 */
export function mapInTurns<Item, Made>(
  items: readonly Item[],
  make: (item: Item) => Made,
): Promise<Made[]> {
  return runInTurns(mapping(items, make));
}

/**
 * The same for a computation that stops after each step. Example: `await
 * runInTurns(checkingDeviceSpecs(specs, devices))`.
 */
export function runInTurns<Made>(steps: Steps<Made>): Promise<Made> {
  return queue.run(steps);
}

/**
 * The items that pass the test, in their order, also in slices. Example: `await
 * filterInTurns(servers, isWanted)`.
 */
export function filterInTurns<Item>(
  items: readonly Item[],
  isWanted: (item: Item) => boolean,
): Promise<Item[]> {
  return runInTurns(filtering(items, isWanted));
}

function* mapping<Item, Made>(items: readonly Item[], make: (item: Item) => Made): Steps<Made[]> {
  const made: Made[] = [];
  for (const item of items) {
    made.push(make(item));
    yield;
  }
  return made;
}

function* filtering<Item>(
  items: readonly Item[],
  isWanted: (item: Item) => boolean,
): Steps<Item[]> {
  const wanted: Item[] = [];
  for (const item of items) {
    if (isWanted(item)) wanted.push(item);
    yield;
  }
  return wanted;
}
