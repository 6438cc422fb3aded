/** Polls at once, at every wake-up, and periodically for what a lost wake-up missed. */
import type { WakeupTopic } from '#contracts/wakeup.ts';
import type { WorkflowContext } from './context.ts';

export interface PollLoop {
  /** Polls now, or once more when a poll is in progress. */
  wake(): void;
  /** Returns when the poll in progress has ended. */
  stop(): Promise<void>;
}

/** Never two polls at a time. A failed one is logged as `failing`, and repeated later. */
export function pollLoop(
  { wakeup, log }: Pick<WorkflowContext, 'wakeup' | 'log'>,
  { topic, pollMs, failing }: { topic: WakeupTopic; pollMs: number; failing: string },
  poll: () => Promise<void>,
): PollLoop {
  /** A wake-up came during the poll in progress. */
  let isWoken = false;
  let isStopped = false;
  let polling: Promise<void> | undefined;
  const wake = (): void => {
    isWoken = polling !== undefined;
    if (isStopped || isWoken) return;
    polling = poll()
      .catch((error: unknown) => log.error({ err: error }, failing))
      .finally(() => {
        polling = undefined;
        if (isWoken) wake();
      });
  };
  const unlisten = wakeup.listen(topic, wake);
  const timer = setInterval(wake, pollMs);
  wake();
  return {
    wake,
    async stop() {
      isStopped = true;
      unlisten();
      clearInterval(timer);
      await polling;
    },
  };
}
