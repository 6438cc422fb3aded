/** Work that is repeated at a steady pace. */

/**
 * Calls `act` every `everyMs` milliseconds, never two at a time. Errors go to `onError`, and the
 * next call follows all the same. Example: `repeat(renewLeases, 20_000, logError)`. `stop` returns
 * when the call in progress has ended.
 */
export function repeat(
  act: () => Promise<void>,
  everyMs: number,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let current: Promise<void> | undefined;
  const timer = setInterval(() => {
    current ??= act()
      .catch(onError)
      .finally(() => {
        current = undefined;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}
