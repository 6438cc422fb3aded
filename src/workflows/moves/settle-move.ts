/** A resize or cold migration waits for its user, who confirms or reverts it. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Move } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { beginAction, refuseSilentHost, refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Begins to release the old host. Throws `conflict` unless the server waits for this. */
export async function confirmMove(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  const action = 'confirmResize';
  const move = await finishedMove(context, server, action);
  await beginAction(context, caller, server, {
    kind: 'move',
    step: 'clear-source',
    data: { moveId: move.id, forcedHost: null, availabilityZone: null },
    action,
    requestId,
    change: {},
    needsHost: false,
  });
}

/** Begins the way back. Throws `conflict` unless the server waits for this. */
export async function revertMove(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  const action = 'revertResize';
  const move = await finishedMove(context, server, action);
  // The new host must have stopped the guest before the old one starts it.
  await refuseSilentHost(context, server, action);
  const { id: hostId = null } = move.source ?? {};
  await refuseSilentHost(context, { ...server, hostId }, action);
  await beginAction(context, caller, server, {
    kind: 'move',
    step: 'clear-target',
    data: {
      moveId: move.id,
      forcedHost: null,
      availabilityZone: null,
      sourceMayBeOut: true,
      targetMayHaveGuest: true,
    },
    action,
    requestId,
    change: { taskState: 'resize_reverting' },
    needsHost: false,
  });
}

async function finishedMove(
  { store }: WorkflowContext,
  server: Server,
  action: string,
): Promise<Move> {
  const move = await store.moves.openOf(server.id);
  const isFinished = move?.status === 'finished';
  // In the other states when an administrator has reset the server's.
  refuseState(server, action, isFinished ? ['resized', 'active', 'stopped', 'error'] : ['resized']);
  if (isFinished) return move;
  throw new ComputeError('conflict', `Instance ${server.id} has not been resized.`);
}
