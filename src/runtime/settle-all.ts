/** Work that may run concurrently. */

/**
 * Does it for all at once and waits until the last has ended, so that nothing still runs when a
 * failure is dealt with. Results in the order of the things; throws what the first of them in that
 * order threw.
 */
export async function settleAll<Thing, Result>(
  things: readonly Thing[],
  act: (thing: Thing, at: number) => Promise<Result>,
): Promise<Result[]> {
  const ends = await Promise.allSettled(things.map(act));
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
