/**
 * Who holds what on which host: every server on its own host, and while it moves on the other one
 * too; a host that did not answer keeps its hold until it has removed the guest.
 */
import { endedMoves, type MoveStatus } from '#core/servers/move.ts';
import type { MoveRow, ServerRow, Snapshot } from './snapshot.ts';

export interface Holding {
  serverId: string;
  hostId: string;
  flavor: ServerRow['flavor'];
  /** Ids of its requests there; 'any': a deleted server has no rows of them. */
  requestIds: ReadonlySet<string> | 'any';
}

/** Steps of a deletion whose server is deleted, but whose silent host may still have the guest. */
const waitingForHost = ['host-returned', 'remove-guest-again'];

export function holdingsIn(snapshot: Snapshot): Holding[] {
  const { servers, tasks, requests, moves } = snapshot;
  const waiting = new Set(
    tasks.filter(({ step }) => waitingForHost.includes(step ?? '')).map((task) => task.serverId),
  );
  const own = servers
    .filter(({ id, isDeleted }) => !isDeleted || waiting.has(id))
    .flatMap(({ id, hostId, flavor, isDeleted }): Holding[] => {
      if (hostId === null) return [];
      const mine = requests.filter(({ serverId }) => serverId === id);
      const requestIds = new Set(mine.map(({ requestId }) => requestId));
      return [{ serverId: id, hostId, flavor, requestIds: isDeleted ? 'any' : requestIds }];
    });
  return [...own, ...moves.flatMap(otherSide)];
}

export function isOpen({ status }: Pick<MoveRow, 'status'>): boolean {
  return !endedMoves.includes(status as MoveStatus);
}

/** Has the row of the server moved to the new host? */
function hasLanded({ status }: MoveRow): boolean {
  return status === 'finished' || status === 'post-migrating';
}

/** What a move holds where the row of its server is not. */
function otherSide(move: MoveRow): Holding[] {
  const { serverId, sourceId, targetId, leftOn, context } = move;
  const onSide = (side: 'before' | 'after', hostId: string | null): Holding[] => {
    const requestIds = new Set(context.requests[side].map(({ requestId }) => requestId));
    return hostId === null ? [] : [{ serverId, hostId, flavor: context.flavors[side], requestIds }];
  };
  if (leftOn !== null) return onSide(leftOn === sourceId ? 'before' : 'after', leftOn);
  if (!isOpen(move)) return [];
  return hasLanded(move) ? onSide('before', sourceId) : onSide('after', targetId);
}
