/** The password of a guest's administrator, set by the agent in the guest. */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import { hasAgent } from '#core/guests/description/guest-hardware.ts';
import type { Server } from '#core/servers/server.ts';
import { refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { queryHost } from '../queries/query-host.ts';
import { newAction } from './new-action.ts';

const action = 'changePassword';

/**
 * Sets it and returns. Throws `conflict` when the image has no agent, the server does not run, or
 * the agent does not answer or refuses. Source: Nova `LibvirtDriver.set_admin_password`.
 */
export async function setPassword(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { password, requestId }: { password: string; requestId: string },
): Promise<void> {
  refuseState(server, action, ['active']);
  const { id, imageProperties } = server;
  if (!hasAgent(imageProperties)) {
    throw new ComputeError('conflict', 'QEMU guest agent is not enabled');
  }
  const user = administratorOf(imageProperties);
  const question = { do: 'set-password', guestId: id, user, password } as const;
  const result = await queryHost(context, { action, server, question });
  if (!result.ok) {
    const detail = `${result.message}\n${result.detail}`;
    const problem = `Failed to set the password of ${user} on instance ${id}`;
    context.log.warn({ server: id, detail }, `${problem}: ${result.message}`);
    throw new ComputeError(
      'conflict',
      `${problem}: its guest agent does not answer, or refuses it`,
      { detail },
    );
  }
  const done = newAction(context, caller, server, { action, requestId });
  await context.store.servers.perform(done, 'compute_set_admin_password', () => ({}));
}

/** Source: Nova's image properties `os_admin_user` and `os_type`. */
function administratorOf(properties: Server['imageProperties']): string {
  return (
    properties['os_admin_user'] ?? (properties['os_type'] === 'windows' ? 'Administrator' : 'root')
  );
}
