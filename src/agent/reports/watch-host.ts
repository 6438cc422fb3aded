/**
 * Reports changes on the host that were not commanded: guests that end or crash, a hypervisor that
 * stops answering, health.
 */
import type { HostReport, ToController } from '#contracts/host/host-link.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { AgentOptions } from '../agent-options.ts';
import { withoutReachedCounts } from '../devices/create-vfs.ts';
import type { GuestStateReporter } from './guest-state-reporter.ts';
import { healthText, healthTextOf } from './host-health.ts';
import type { HostParts } from '../host-parts.ts';
import { repeatCheck } from './repeated-check.ts';

export interface WatchParts {
  guestStates: GuestStateReporter;
  report: () => Promise<HostReport>;
  notify: (message: ToController) => void;
  parts: HostParts;
  /** The problems of the host as last reported to the controller. */
  reported: () => readonly HostProblem[];
  /** `changes` of the host before its first report. */
  since?: number | undefined;
}

/**
 * How often health is checked, while it is reported unwell and while it is not. Servers are kept
 * away from a host that is unwell: a repair should be noticed soon.
 */
const unhealthyIntervalMs = 5_000;
const healthyIntervalMs = 30_000;

/** Watches until the returned function is called. */
export function watchHost(options: AgentOptions, watching: WatchParts): () => void {
  const { guestStates, report, notify, parts, reported, since } = watching;
  let stopped = false;

  const failed = (error: unknown): void => {
    options.log.warn(
      { err: error, host: options.host },
      'the host cannot be reported; will try again',
    );
  };

  const sendReport = async (): Promise<void> => {
    const now = await report();
    if (!stopped) notify({ type: 'report', report: now });
  };

  const checkHealth = async (): Promise<void> => {
    parts.problems = await withoutReachedCounts(options, options.vfCounts ?? {}, parts.problems);
    const now = await healthText(options, [...parts.problems, ...parts.nodes.problems]);
    if (!stopped && now !== healthTextOf(reported())) await sendReport();
  };

  const unwatch = options.hypervisor.watch((change) => {
    if (change.what === 'guest') guestStates.schedule(change.guestId);
    else void sendReport().catch(failed);
  });
  const isUnhealthy = () => reported().some(({ blocks }) => blocks !== 'none');
  const { healthMs } = options;
  const stopChecking = repeatCheck(options, {
    check: checkHealth,
    paceMs: () => healthMs ?? (isUnhealthy() ? unhealthyIntervalMs : healthyIntervalMs),
    tickMs: healthMs,
    since,
    failed,
  });
  return () => {
    stopped = true;
    guestStates.stop();
    unwatch();
    stopChecking();
  };
}
