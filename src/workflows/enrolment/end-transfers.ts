/** Other hosts end what they exchange with a host that may not take part any more. */
import type { Host, Move } from '#contracts/store/store.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';

/** How long to wait for a host that does not answer. */
const longestWaitMs = 2_000;
/** More guests than leave and reach one host at a time. */
const most = 1_000;

/**
 * Each other host of a move under way closes its connections to this one: while a guest is sent,
 * these give the old host access to the libvirt of the new one. The moves end as ones that failed.
 * What cannot be ended is logged.
 */
export async function endTransfersWith(
  context: WorkflowContext,
  { id, name }: Pick<Host, 'id' | 'name'>,
): Promise<void> {
  const { store, log } = context;
  const moves = await store.moves.select({ host: name, statuses: ['migrating'], limit: most });
  await settleAll(moves, async ({ source, target, serverId }: Move) => {
    const other = source?.id === id ? target : source;
    if (other === null || other.id === id) return;
    try {
      const server = await store.servers.get(serverId);
      if (server === undefined) return;
      await queryHost(context, {
        action: 'end-transfer',
        server: { ...server, hostId: other.id },
        question: { do: 'end-transfer', guestId: serverId },
        waitMs: longestWaitMs,
      });
    } catch (error) {
      const about = { host: other.name, revoked: name, server: serverId };
      log.warn({ ...about, err: error }, 'a transfer with a revoked host was not ended');
    }
  });
}
