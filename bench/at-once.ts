/** The same for many, so many at once. */

export interface Timed<Result> {
  results: Result[];
  /** The duration of each, in milliseconds. */
  times: number[];
  /** The duration of all together. */
  seconds: number;
}

/** Results are in the order in which they ended. */
export async function atOnce<One, Result>(
  all: readonly One[],
  inFlight: number,
  act: (one: One) => Promise<Result>,
): Promise<Timed<Result>> {
  const waiting = [...all];
  const results: Result[] = [];
  const times: number[] = [];
  const began = performance.now();
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const started = performance.now();
      results.push(await act(one));
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { results, times, seconds: (performance.now() - began) / 1_000 };
}
