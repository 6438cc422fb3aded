/** Work that many requests share: those that come during a run cause one more, not one each. */

/**
 * `run` starts the work, or lets it run once more. `settled`: none is in progress. The work must
 * not throw.
 */
export function coalesced(work: () => Promise<void>): { run(): void; settled(): Promise<void> } {
  let running: Promise<void> | undefined;
  let isRequested = false;
  const keepRunning = async (): Promise<void> => {
    while (isRequested) {
      isRequested = false;
      await work();
    }
    running = undefined;
  };
  return {
    run() {
      isRequested = true;
      running ??= keepRunning();
    },
    settled: async () => running,
  };
}
