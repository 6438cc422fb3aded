/** A guest's console output, read by its host. */
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';

/**
 * Its last `lines`; null: all that the host returns. In any state: the output of a failed guest
 * matters most. Throws `conflict` when the server is on no host or its host is silent,
 * `unavailable` when that does not answer in time, or cannot read it.
 */
export async function readConsole(
  context: WorkflowContext,
  server: Server,
  lines: number | null,
): Promise<string> {
  const question = { do: 'console', guestId: server.id, lines } as const;
  const result = await queryHost(context, { action: 'get_console_output', server, question });
  if (result.ok) return result.output ?? '';
  throw new ComputeError('unavailable', result.message, { detail: result.detail });
}
