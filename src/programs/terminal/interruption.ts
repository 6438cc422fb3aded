/** The end of this process, as requested by the user or the system. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * npm and bin/novella.mjs forward a signal that the terminal has sent to the entire process group:
 * one Ctrl-C arrives up to three times. Signals within this time count as one request to stop.
 */
const forwardedWithinMs = 1_500;

/**
 * Settles at the first such signal. The same signal again, forwarded, changes nothing; a later one
 * ends the process at once with its exit status in shells (SIGINT: 130).
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
