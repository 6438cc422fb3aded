/** What changes on the host by itself reaches the controller: guests that end or crash, a hypervisor that falls silent, health. */
import type { HostReport, ToController } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import type { GuestLooks } from './guest-looks.ts';
import { healthText, healthTextOf } from './host-health.ts';

export interface WatchParts {
  looks: GuestLooks;
  look: () => Promise<HostReport>;
  tell: (message: ToController) => void;
}

const everyHalfMinute = 30_000;

/** Watches until the returned function is called. */
export function watchHost(options: AgentOptions, parts: WatchParts): () => void {
  const { looks, look, tell } = parts;
  let reported: string | undefined;
  let stopped = false;

  const report = async (): Promise<void> => {
    try {
      const now = await look();
      if (stopped) return;
      reported = healthTextOf(now.problems ?? []);
      tell({ type: 'report', report: now });
    } catch (error) {
      options.log.warn({ err: error, host: options.host }, 'no report; will look again');
    }
  };

  const checkHealth = async (): Promise<void> => {
    const now = await healthText(options);
    if (!stopped && now !== reported) await report();
  };

  const unwatch = options.hypervisor.watch((change) => {
    if (change.what === 'guest') looks.later(change.guestId);
    else void report();
  });
  const timer = setInterval(() => void checkHealth(), options.healthMs ?? everyHalfMinute);
  return () => {
    stopped = true;
    looks.stop();
    unwatch();
    clearInterval(timer);
  };
}
