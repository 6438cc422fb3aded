/** Waits for a wake-up, and polls for one that was lost. */
import type { Wakeup, WakeupTopic } from '#contracts/wakeup.ts';

/** Finds what a lost wake-up missed. */
const pollMs = 250;

/**
 * `promise` settles when it is time to read again. Begin it before reading, so that nothing is
 * missed; always stop it.
 */
export function waitForWakeup(
  wakeup: Wakeup,
  topic: WakeupTopic,
): { promise: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = wakeup.listen(topic, resolve);
  const timer = setTimeout(resolve, pollMs);
  return {
    promise,
    stop: () => {
      unlisten();
      clearTimeout(timer);
    },
  };
}
