/** Looks for work at once, at every nudge, and periodically for what a lost nudge missed. */
import type { WakeupTopic } from '#contracts/wakeup.ts';
import type { WorkflowContext } from './context.ts';

export interface Looking {
  /** Looks now, or once more when a look is under way. */
  nudge(): void;
  /** Returns when the look that is under way has ended. */
  stop(): Promise<void>;
}

/** Never two looks at a time. A look that fails is logged as `failing`, and made again later. */
export function keepLooking(
  { wakeup, log }: Pick<WorkflowContext, 'wakeup' | 'log'>,
  { topic, pollMs, failing }: { topic: WakeupTopic; pollMs: number; failing: string },
  look: () => Promise<void>,
): Looking {
  let again = false;
  let stopped = false;
  let looking: Promise<void> | undefined;
  const mustLookAgain = () => again && !stopped;
  const lookOn = async (): Promise<void> => {
    do {
      again = false;
      await look();
    } while (mustLookAgain());
  };
  const nudge = (): void => {
    again = true;
    if (stopped || looking !== undefined) return;
    looking = lookOn()
      .catch((error: unknown) => log.error({ err: error }, failing))
      .finally(() => {
        looking = undefined;
        // Nudged after the last look had ended, and before this.
        if (again) nudge();
      });
  };
  const unlisten = wakeup.listen(topic, nudge);
  const timer = setInterval(nudge, pollMs);
  nudge();
  return {
    nudge,
    async stop() {
      stopped = true;
      unlisten();
      clearInterval(timer);
      await looking;
    },
  };
}
