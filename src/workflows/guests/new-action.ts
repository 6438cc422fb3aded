/** The record of an action that is done at once. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NewAction } from '#contracts/store/store.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** `action`: its name in `openstack server event list`. Example: `lock`. */
export function newAction(
  { clock, newId }: Pick<WorkflowContext, 'clock' | 'newId'>,
  { userId, projectId }: Caller,
  { id: serverId }: Pick<Server, 'id'>,
  { action, requestId }: Pick<NewAction, 'action' | 'requestId'>,
): NewAction {
  return { id: newId(), serverId, action, requestId, userId, projectId, startedAt: clock.now() };
}
