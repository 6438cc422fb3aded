/** Begins one command to the host of a server that has a guest: reboot, stop, start, rebuild … */
import type { Caller } from '#contracts/services/identity.ts';
import type { GuestActName } from '#contracts/store/task-data.ts';
import type { RescueImage } from '#core/guests/build-guest.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { beginAction, refuseOpenMove, refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { guestActs } from './guest-acts.ts';

/** A requested operation. `change`: fields that are set with it (rebuild). */
export interface ActRequest {
  act: GuestActName;
  requestId: string;
  change?: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;
  /** Of a rescue. */
  rescueImage?: RescueImage;
}

/**
 * Begins the operation and returns at once. Throws `conflict` in a state that does not allow it, or
 * without a guest.
 */
export async function actOnGuest(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { act, requestId, change = {}, rescueImage }: ActRequest,
): Promise<void> {
  const { action, taskState, from, command } = guestActs[act];
  refuseState(server, action, from);
  // The guest would be recreated, from what both sides of the move hold.
  if (command === 'respawn' || command === 'rescue') await refuseOpenMove(context, server, action);
  refuseWithoutHost(server, action);
  await beginAction(context, caller, server, {
    kind: 'act',
    step: 'command-host',
    // A server that is off stays off when it is recreated, or when its rescue fails.
    data: {
      act,
      staysOff: (act === 'rebuild' || act === 'rescue') && server.vmState === 'stopped',
      ...(rescueImage !== undefined && { rescueImage }),
    },
    action,
    requestId,
    change: { ...change, taskState },
  });
}

/** Throws `conflict`. */
export function refuseWithoutHost({ id, hostId }: Server, action: string): void {
  if (hostId !== null) return;
  throw new ComputeError('conflict', `Cannot '${action}' instance ${id}: it is on no host`);
}
