/** Batches reads that are requested in the same turn of the event loop into one call. */

/** This many ids keep the URL short enough for every server. */
const mostAtOnce = 100;

/**
 * `readAll` gets the ids requested in the same turn of the event loop, each once. Example: three
 * NICs whose networks are read concurrently → one list of three networks. An id missing from the
 * answer gives undefined; an error goes to every caller.
 */
export function batched<T>(
  readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): (id: string) => Promise<T | undefined> {
  let gathering: { ids: Set<string>; answers: Promise<ReadonlyMap<string, T>> } | undefined;
  const begin = () => {
    const ids = new Set<string>();
    const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (gathering?.ids === ids) gathering = undefined;
      return readAll([...ids]);
    });
    return { ids, answers };
  };
  return async (id) => {
    gathering ??= begin();
    const { ids, answers } = gathering;
    ids.add(id);
    if (ids.size === mostAtOnce) gathering = undefined;
    return (await answers).get(id);
  };
}
