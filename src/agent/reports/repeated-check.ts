/** The periodic checks of a host. */
import type { AgentOptions } from '../agent-options.ts';

export interface RepeatedCheck {
  check: () => Promise<void>;
  /** How long after one check the next one begins, in milliseconds; read every `tickMs`. */
  paceMs: () => number;
  /** Default: five seconds. */
  tickMs?: number | undefined;
  /** The state of the host that was read before the first check, if `changes` is known. */
  since?: number | undefined;
  failed: (error: unknown) => void;
}

const shortestPaceMs = 5_000;

/**
 * Repeats the check at its pace until the returned function is called. Where the host counts its
 * changes there is neither check nor timer while nothing has changed since the last check that
 * ended without an error. What the check itself changes counts: a repair that may have to be
 * repeated is repeated.
 */
export function repeatCheck(
  { changes, every = ownTimer }: Pick<AgentOptions, 'changes' | 'every'>,
  { check, paceMs, tickMs = shortestPaceMs, since, failed }: RepeatedCheck,
): () => void {
  let checked = since;
  let startedAt = performance.now();
  let isRunning = false;
  let stopTicking: (() => void) | undefined;

  const isNeeded = (): boolean => changes === undefined || changes.count !== checked;
  const follow = (): void => {
    if (isNeeded()) stopTicking ??= every(tickMs, tick);
    else stop();
  };
  const stop = (): void => {
    stopTicking?.();
    stopTicking = undefined;
  };
  const tick = (): void => {
    // A timer may fire a little early.
    if (isRunning || performance.now() - startedAt < paceMs() - tickMs / 2) return;
    void run();
  };
  const run = async (): Promise<void> => {
    const before = changes?.count;
    startedAt = performance.now();
    isRunning = true;
    try {
      await check();
      checked = before;
    } catch (error) {
      failed(error);
    }
    isRunning = false;
    if (stopTicking !== undefined) follow();
  };

  const unlisten = changes?.onChange(follow);
  follow();
  return () => {
    unlisten?.();
    stop();
  };
}

function ownTimer(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}
