/** The end of this process, as the user or the system asks for it. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * npm and bin/novella.mjs forward a signal that the terminal has sent to the whole process group:
 * one Ctrl-C arrives up to three times. What comes within this time counts as one request to stop.
 */
const forwardedWithinMs = 1_500;

/**
 * Settles at the first such signal. The same signal again, forwarded, changes nothing; one that
 * comes later ends the process at once with the status that shells know for it (SIGINT: 130).
 */
export function interruption(): Promise<void> {
  return new Promise((settle) => {
    let firstAt: number | undefined;
    for (const signal of signals) {
      process.on(signal, (_name: string, number: number) => {
        firstAt ??= performance.now();
        settle();
        if (performance.now() - firstAt > forwardedWithinMs) process.exit(128 + number);
      });
    }
  });
}
