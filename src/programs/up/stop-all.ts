/** Ends what a start has begun. */

export type Stops = (() => void | Promise<void>)[];

/** Calls each, the last first, and empties the list. One that fails leaves none of them running. */
export async function stopAll(stops: Stops): Promise<void> {
  const errors: unknown[] = [];
  for (const act of stops.splice(0).toReversed()) {
    await Promise.resolve()
      .then(act)
      .catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
