/** Waits for news that come as nudges, and for those that were lost. */
import type { Wakeup, WakeupTopic } from '#contracts/wakeup.ts';

/** Finds what a lost nudge missed. */
const lookAgainMs = 250;

/**
 * `promise` is settled when it is time to look again. Begin it before looking, so that nothing is
 * missed; stop it in the end.
 */
export function nextNudge(
  wakeup: Wakeup,
  topic: WakeupTopic,
): { promise: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = wakeup.listen(topic, resolve);
  const timer = setTimeout(resolve, lookAgainMs);
  return {
    promise,
    stop: () => {
      unlisten();
      clearTimeout(timer);
    },
  };
}
