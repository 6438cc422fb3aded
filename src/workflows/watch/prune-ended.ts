/**
 * Deletes expired tokens of consoles, the history of servers that were deleted long ago, old
 * history of devices, and then, if configured, the servers themselves. In small transactions with
 * pauses: no request waits for more than one of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowContext } from '../engine/context.ts';
import { repeat } from '#runtime/timing/repeat.ts';

/**
 * How long after its deletion something is kept, in milliseconds; `serversMs` undefined: for ever.
 */
export interface KeptTimes {
  historyMs: number;
  serversMs: number | undefined;
}

const rowsAtOnce = 200;
const pauseMs = 50;
const everyMs = 60_000;

/** Prunes every minute until stopped. */
export function watchEnded(
  context: Pick<WorkflowContext, 'store' | 'clock' | 'log' | 'peers'>,
  kept: KeptTimes,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const pruning = repeat(
    async () => {
      if (context.peers?.isFirst() === false) return;
      await pruneEnded(context, kept, stopping.signal);
    },
    everyMs,
    (error) =>
      context.log.error({ err: error }, 'cannot prune rows of deleted servers; will try again'),
  );
  return {
    async stop() {
      stopping.abort();
      await pruning.stop();
    },
  };
}

/**
 * Prunes what has expired or is older than the kept times, until nothing is left or `signal` is
 * aborted.
 */
export async function pruneEnded(
  { store: { prune, consoleTokens }, clock }: Pick<WorkflowContext, 'store' | 'clock'>,
  { historyMs, serversMs }: KeptTimes,
  signal: AbortSignal,
): Promise<void> {
  await consoleTokens.removeExpired(clock.now());
  // A server's history is deleted before the server.
  const withHistory = clock.now() - Math.min(historyMs, serversMs ?? historyMs);
  await untilNoneIsLeft(() => prune.history(withHistory, rowsAtOnce), signal);
  const oldDeviceEvents = clock.now() - historyMs;
  await untilNoneIsLeft(() => prune.deviceEvents(oldDeviceEvents, rowsAtOnce), signal);
  if (serversMs === undefined) return;
  const without = clock.now() - serversMs;
  await untilNoneIsLeft(() => prune.servers(without, rowsAtOnce), signal);
}

async function untilNoneIsLeft(prune: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await prune())) await pause(pauseMs);
}
