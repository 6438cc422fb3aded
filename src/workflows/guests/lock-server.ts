/** Lock and unlock: a locked server can be changed only by administrators. */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { newAction } from './new-action.ts';

/** The owner is anyone in the server's project, also an administrator there. */
function roleOf({ projectId }: Caller, server: Server): 'owner' | 'admin' {
  return projectId === server.projectId ? 'owner' : 'admin';
}

/**
 * Locks the server. An owner's lock of a locked server changes nothing; an administrator's of
 * another project replaces it, and keeps its reason unless there is a new one. Source: Nova
 * `API.lock`.
 */
export async function lockServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { reason, requestId }: { reason: string | null; requestId: string },
): Promise<void> {
  const action = newAction(context, caller, server, { action: 'lock', requestId });
  await context.store.servers.perform(action, 'api_lock', (now) => {
    const lockedBy = roleOf(caller, now);
    if (now.locked && lockedBy === 'owner') return undefined;
    return { locked: true, lockedBy, lockedReason: reason ?? now.lockedReason };
  });
}

const overrideRefusal =
  "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.";

/**
 * Unlocks the server. Throws `forbidden` for a lock that the other side set, unless the caller
 * `mayOverride` it. Source: Nova `API.is_expected_locked_by`.
 */
export async function unlockServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { requestId, mayOverride }: { requestId: string; mayOverride: boolean },
): Promise<void> {
  const action = newAction(context, caller, server, { action: 'unlock', requestId });
  await context.store.servers.perform(action, 'api_unlock', (now) => {
    const isOther = now.lockedBy !== null && now.lockedBy !== roleOf(caller, now);
    if (isOther && !mayOverride) throw new ComputeError('forbidden', overrideRefusal);
    return { locked: false, lockedBy: null, lockedReason: null };
  });
}
