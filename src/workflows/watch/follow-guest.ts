/** Begins the workflow by which an idle server follows its guest. */
import type { GuestState } from '#core/guests/follow-guest.ts';
import type { Server } from '#core/servers/server.ts';
import { startSystemTask } from '../engine/start-system-task.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Begins it; false, and nothing done, while another workflow runs for the server. */
export async function beginFollowing(
  context: WorkflowContext,
  server: Server,
  { state, action }: { state: GuestState; action: string },
): Promise<boolean> {
  const data = { state, startedAt: context.clock.now() };
  const begun = await startSystemTask(context, server, {
    kind: 'follow',
    step: 'follow',
    data,
    action,
  });
  // The server was deleted in between: there is nothing to follow.
  return begun !== 'busy';
}
