/** A move while its guest is copied: how far it is; of a live migration also abort, completion. */
import type { HostQuestion } from '#contracts/host/host-link.ts';
import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import type { Move } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';

/** A slow host must not delay a list. */
const longestProgressMs = 1_000;

/** null: nothing of the guest is on its way now. Throws as `queryHost`. */
export async function readMoveProgress(
  context: WorkflowContext,
  server: Server,
): Promise<MoveProgress | null> {
  return progressOf(context, server, longestProgressMs);
}

/**
 * The same of what is copied for a move of any kind: the files that the new host fetches, or the
 * running guest. null: nothing is copied now.
 */
export async function readCopyProgress(
  context: WorkflowContext,
  { serverId, source, target }: Move,
): Promise<MoveProgress | null> {
  const { commands, servers } = context.store;
  const copied = await commands.last(serverId, 'prefetch', 'expect', 'move-out', 'move-in');
  const from = copied?.kind === 'move-out' ? source : target;
  const server = await servers.get(serverId);
  const isCopying = copied?.result === null && copied.hostId === from?.id;
  if (!isCopying || server === undefined) return null;
  const there = { ...server, hostId: copied.hostId };
  const { progress = null } = await answered(context, there, 'move-progress', longestProgressMs);
  return progress;
}

/**
 * The guest stays where it is; the move then ends as one that failed. Throws `invalid` when the
 * guest is not being sent: it has not left, or has arrived.
 */
export function abortMove(context: WorkflowContext, server: Server, move: Move): Promise<void> {
  return steer(context, server, { move, act: 'abort-move', what: 'abort' });
}

/** The guest stands still until it has been sent. Throws as `abortMove`. */
export function forceMove(context: WorkflowContext, server: Server, move: Move): Promise<void> {
  const what = 'force the completion of';
  return steer(context, server, { move, act: 'force-move', what });
}

async function steer(
  context: WorkflowContext,
  server: Server,
  { move, act, what }: { move: Move; act: 'abort-move' | 'force-move'; what: string },
): Promise<void> {
  if ((await progressOf(context, server)) === null) {
    throw new ComputeError(
      'invalid',
      `Cannot ${what} migration ${move.number} of instance ${server.id}: its guest is not being sent now`,
    );
  }
  await answered(context, server, act);
}

async function progressOf(
  context: WorkflowContext,
  server: Server,
  waitMs?: number,
): Promise<MoveProgress | null> {
  const sent = await context.store.commands.last(server.id, 'move-out');
  if (sent?.result !== null) return null;
  const { progress = null } = await answered(context, server, 'move-progress', waitMs);
  return progress;
}

// oxlint-disable-next-line max-params -- where, of which server, what, and how long to wait
async function answered(
  context: WorkflowContext,
  server: Server,
  act: (HostQuestion & { do: 'move-progress' | 'abort-move' | 'force-move' })['do'],
  waitMs?: number,
) {
  const question = { do: act, guestId: server.id } as const;
  const result = await queryHost(context, {
    action: act,
    server,
    question,
    ...(waitMs !== undefined && { waitMs }),
  });
  if (result.ok) return result;
  throw new ComputeError('unavailable', result.message, { detail: result.detail });
}
