/** Work that may run concurrently. */

/**
 * Runs it for all concurrently and waits until the last has ended, so that nothing still runs when
 * a failure is handled. Results are in input order; throws the error of the first failed input in
 * that order.
 */
export async function settleAll<Item, Result>(
  items: readonly Item[],
  act: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const ends = await Promise.allSettled(items.map(act));
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
