/** Other hosts end what they exchange with a host that may not take part any more. */
import type { Host, Move } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';

/** How long to wait for a host that does not answer. */
const longestWaitMs = 2_000;
/** The newest moves: more than can have left a connection or an offer. */
const most = 1_000;

/**
 * Each host that a guest was to move to from this one, or from there, closes its connections to it,
 * whatever became of the move: while a guest is sent, these give the old host access to the libvirt
 * of the new one, and what a host offers gives the other one the guest's disk. The moves under way
 * end as ones that failed. What cannot be ended is logged.
 */
export async function endTransfersWith(
  context: WorkflowContext,
  { id, name }: Pick<Host, 'id' | 'name'>,
): Promise<void> {
  const { store, log } = context;
  const moves = await store.moves.select({ host: name, limit: most });
  const otherOf = ({ source, target }: Move) => (source?.id === id ? target : source);
  const byHost = Map.groupBy(moves, (move) => otherOf(move)?.id ?? id);
  byHost.delete(id);
  await settleAll([...byHost], async ([hostId, moved]) => {
    try {
      const server = await anyServer(context, moved);
      if (server === undefined) return;
      const result = await queryHost(context, {
        action: 'end-transfer',
        server: { ...server, hostId },
        question: { do: 'end-transfer', guestId: server.id, peer: name },
        waitMs: longestWaitMs,
      });
      if (!result.ok) throw new ComputeError('unavailable', result.message);
    } catch (error) {
      const about = { host: moved.map(otherOf)[0]?.name, revoked: name };
      log.warn({ ...about, err: error }, 'transfers with a revoked host were not ended');
    }
  });
}

/** One that exists: a host has ended the transfers of a server that is deleted. */
async function anyServer(
  { store }: WorkflowContext,
  moves: readonly Move[],
): Promise<Server | undefined> {
  for (const serverId of new Set(moves.map((move) => move.serverId))) {
    const server = await store.servers.get(serverId);
    if (server !== undefined) return server;
  }
  return undefined;
}
