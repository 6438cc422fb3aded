/** Polling for the result of a request. */
import { setTimeout as pause } from 'node:timers/promises';
import { ComputeError } from '#core/errors.ts';
import { backoffMs } from '#runtime/backoff.ts';

/** The state that was read, and whether it is the expected one. */
export interface Polled<T> {
  done: boolean;
  value: T;
}

/** How long to wait, and between two polls: from `pauseMs` on longer, to `longestPauseMs`. */
export interface PollLimits {
  limitMs: number;
  pauseMs: number;
  /** Default: `pauseMs`. */
  longestPauseMs?: number;
}

/**
 * Polls until it is done, and returns the last state. `what` completes "waited 60 s for …".
 * Example: `waitFor('server web to be ACTIVE', async () => { const server = await show(); return {
 * done: server.status === 'ACTIVE', value: server }; })`. Throws `unavailable` with the last state
 * on timeout, and whatever `poll` throws.
 */
export async function waitFor<T>(
  what: string,
  poll: () => Promise<Polled<T>>,
  { limitMs, pauseMs, longestPauseMs = pauseMs }: PollLimits = { limitMs: 60_000, pauseMs: 50 },
): Promise<T> {
  const end = performance.now() + limitMs;
  const pauses = { firstMs: pauseMs, longestMs: longestPauseMs, factor: 1.5 };
  for (let polls = 0; ; polls++) {
    const { done, value } = await poll();
    if (done) return value;
    if (performance.now() > end) {
      const seen = JSON.stringify(value) ?? 'nothing';
      throw new ComputeError(
        'unavailable',
        `waited ${limitMs / 1_000} s for ${what}; last seen: ${seen}`,
      );
    }
    await pause(backoffMs(pauses, polls));
  }
}
