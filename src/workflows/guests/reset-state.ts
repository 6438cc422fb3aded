/** An administrator sets the state of a server, whatever happened to it. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { newAction } from './new-action.ts';

/**
 * Sets the state and clears the task state; the guest is not touched, and a workflow that runs for
 * the server continues. Source: Nova `os-resetState`.
 */
export async function resetState(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { state, requestId }: { state: 'active' | 'error'; requestId: string },
): Promise<void> {
  const action = newAction(context, caller, server, { action: 'resetState', requestId });
  await context.store.servers.perform(action, null, () => ({ vmState: state, taskState: null }));
}
