/** How long requests to the API take while something else happens. */
import { setTimeout as pause } from 'node:timers/promises';
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { percentile } from '../statistics.ts';

export interface Probed {
  requests: number;
  failed: number;
  p50_ms: number;
  p99_ms: number;
  longest_ms: number;
}

/** Between two requests to one controller. */
const everyMs = 50;

/** Sends requests through each session, one after the other, until `act` has ended. */
export async function probing<Result>(
  sessions: readonly Session[],
  act: () => Promise<Result>,
): Promise<{ result: Result; probed: Probed }> {
  const times: number[] = [];
  const probes = { isOver: false, failed: 0 };
  const probe = async (session: Session): Promise<void> => {
    while (!probes.isOver) {
      const began = performance.now();
      try {
        await listOne(session);
      } catch {
        probes.failed += 1;
      }
      times.push(performance.now() - began);
      await pause(everyMs);
    }
  };
  const probed = sessions.map(probe);
  try {
    const result = await act();
    probes.isOver = true;
    await Promise.all(probed);
    return {
      result,
      probed: { requests: times.length, failed: probes.failed, ...spreadOf(times) },
    };
  } finally {
    probes.isOver = true;
  }
}

function listOne(session: Session): Promise<unknown> {
  const path = '/servers/detail?limit=1';
  return request(session, { service: 'compute', path, microversion });
}

function spreadOf(times: readonly number[]): Pick<Probed, 'p50_ms' | 'p99_ms' | 'longest_ms'> {
  const at = (share: number): number => Math.round(percentile(times, share));
  return { p50_ms: at(0.5), p99_ms: at(0.99), longest_ms: Math.round(Math.max(...times)) };
}
