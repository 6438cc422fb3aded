/** The owner of a locked server may only read it. */
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { Call } from '../../requests/route.ts';

/**
 * Throws `conflict` for a locked server, unless the caller is an administrator. Source: Nova
 * `check_instance_lock`.
 */
export function refuseLocked(call: Call, server: Server): void {
  if (!server.locked || call.caller.isAdmin) return;
  throw new ComputeError('conflict', `Instance ${server.id} is locked`);
}
