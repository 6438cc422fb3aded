/** What the old host of a move offers ends with the move. */
import type { Move, NewCommand } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { isWithinHost } from './sides.ts';

/**
 * The command by which it ends; undefined: the host was never commanded to offer anything. Until
 * then the old host's port stays open: the new host may not have fetched what is offered, or its
 * report of that was lost. Nothing waits for the answer.
 */
export async function offerEnd(
  { store }: Pick<WorkflowContext, 'store'>,
  move: Pick<Move, 'source' | 'target' | 'serverId'>,
): Promise<NewCommand | undefined> {
  const { source, serverId } = move;
  if (source === null || isWithinHost(move)) return undefined;
  const at = { hostId: source.id, serverId };
  if ((await store.commands.lastOn(at, 'offer', 'move-out')) === undefined) return undefined;
  return { ...at, body: { do: 'end-transfer', guestId: serverId } };
}
