/** Long lists are filtered in turns with all other work, so that one costly filter delays nobody else. */
import { setImmediate as afterEvents } from 'node:timers/promises';

const turnMs = 10;

/** The items that pass the test, in their order. Other requests are served about every 10 ms. Example: `await filterInTurns(servers, isWanted)`. */
export async function filterInTurns<Item>(
  items: readonly Item[],
  isWanted: (item: Item) => boolean,
): Promise<Item[]> {
  const wanted: Item[] = [];
  let turnEnd = performance.now() + turnMs;
  for (const item of items) {
    if (isWanted(item)) wanted.push(item);
    if (performance.now() < turnEnd) continue;
    await afterEvents();
    turnEnd = performance.now() + turnMs;
  }
  return wanted;
}
