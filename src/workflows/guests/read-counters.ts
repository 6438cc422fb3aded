/** What a running guest uses, counted by its host. */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';

/**
 * Of a server that runs. Throws `conflict` when it is on no host or its host is silent,
 * `unavailable` when that does not answer in time, or cannot read them.
 */
export async function readCounters(
  context: WorkflowContext,
  server: Server,
): Promise<GuestCounters> {
  const question = { do: 'counters', guestId: server.id } as const;
  const result = await queryHost(context, { action: 'get_diagnostics', server, question });
  if (result.ok && result.counters !== undefined) return result.counters;
  const [message, detail] = result.ok
    ? ['the host has reported no counters', '']
    : [result.message, result.detail];
  throw new ComputeError('unavailable', message, { detail });
}
