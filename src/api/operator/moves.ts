/** Moves of servers of every kind: those under way, or all of one server. */
import type { MoveView } from '#client/shapes/moves.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import type { Move } from '#contracts/store/store.ts';
import type { MoveStatus } from '#core/servers/move.ts';
import { queryValue } from '#http/routes/query.ts';
import { ConcurrencyLimit } from '#runtime/concurrency-limit.ts';
import { atSecond } from '../requests/links.ts';
import { longestPage } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';

export const movesQuery = ['server'];

const underWay: MoveStatus[] = [
  'accepted',
  'migrating',
  'post-migrating',
  'confirming',
  'reverting',
];
/** At most so many requests for progress are sent to hosts at a time. */
const mostAsked = 32;

/**
 * The newest 1,000, newest first. `?server=` (an id): all of that server, also those that have
 * ended.
 */
export async function listMoves(call: Call): Promise<Reply> {
  const serverId = queryValue(call.query, 'server');
  const which = serverId === undefined ? { statuses: underWay } : { serverId };
  const moves = await call.context.store.moves.select({ ...which, limit: longestPage });
  const asked = new ConcurrencyLimit(mostAsked);
  const views = await Promise.all(moves.map((move) => asked.run(() => viewMove(call, move))));
  return { body: { moves: views } satisfies OperatorReply<'GET /moves'> };
}

async function viewMove(call: Call, move: Move): Promise<MoveView> {
  const { store } = call.context;
  const { serverId, status } = move;
  const server = await store.servers.get(serverId);
  const task = underWay.includes(status) ? await store.tasks.of(serverId) : undefined;
  return {
    id: move.id,
    number: move.number,
    server_id: serverId,
    server_name: server?.name ?? null,
    type: move.type,
    status,
    source: move.source?.name ?? null,
    target: move.target?.name ?? null,
    step: task?.step ?? null,
    progress: task === undefined ? null : await progressOf(call, move),
    started_at: atSecond(move.createdAt),
    updated_at: atSecond(move.updatedAt),
  };
}

/** null also when its host does not answer: the rest of the answer is still right. */
async function progressOf(
  { context: { workflows, log } }: Call,
  move: Move,
): Promise<MoveProgress | null> {
  try {
    return await workflows.readCopyProgress(move);
  } catch (error) {
    log.debug({ err: error, server: move.serverId }, 'the progress of a move is not known');
    return null;
  }
}
