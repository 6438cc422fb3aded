/** What changes on the host by itself reaches the controller: guests that end or crash, a hypervisor that falls silent, health. */
import type { HostReport, ToController } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import type { GuestLooks } from './guest-looks.ts';
import { healthText } from './host-health.ts';
import type { HostParts } from './host-parts.ts';

export interface WatchParts {
  looks: GuestLooks;
  look: () => Promise<HostReport>;
  tell: (message: ToController) => void;
  parts: HostParts;
  /** What the controller was last told of the host's health, as `healthTextOf` has it. */
  toldHealth: () => string;
}

const everyHalfMinute = 30_000;

/** Watches until the returned function is called. */
export function watchHost(options: AgentOptions, watching: WatchParts): () => void {
  const { looks, look, tell, parts, toldHealth } = watching;
  let stopped = false;

  const report = async (): Promise<void> => {
    try {
      const now = await look();
      if (stopped) return;
      tell({ type: 'report', report: now });
    } catch (error) {
      options.log.warn({ err: error, host: options.host }, 'no report; will look again');
    }
  };

  const checkHealth = async (): Promise<void> => {
    const now = await healthText(options, parts.problems);
    if (!stopped && now !== toldHealth()) await report();
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
