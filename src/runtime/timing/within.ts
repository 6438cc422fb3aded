/** Work that is given up after a time. */

/**
 * Returns what `work` returns, or throws after `ms` milliseconds. Its signal is aborted then: the
 * work continues, and must change nothing afterwards. Example: `await within(5_000, (signal) =>
 * read(signal))`.
 */
export async function within<Result>(
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`it has not ended within ${ms} ms`);
    limit.abort(error);
    late.reject(error);
  }, ms);
  try {
    return await Promise.race([work(limit.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
