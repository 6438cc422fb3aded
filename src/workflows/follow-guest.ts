/** Workflow of one step: a server follows its guest, which changed without anybody here having asked for it. */
import { isComputeError } from '#core/errors.ts';
import { followGuest, type GuestState } from '#core/servers/follow-guest.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { finishedEvent } from './record-event.ts';
import { serverOf } from './server-of.ts';
import type { Workflow } from './workflow.ts';

/** Who acts when no user does, in the list of a server's actions. */
const actor = 'novella';

/** Begins it; false, and nothing done, while another workflow runs for the server. */
export async function beginFollowing(
  context: WorkflowContext,
  server: Server,
  { state, action }: { state: GuestState; action: string },
): Promise<boolean> {
  const now = context.clock.now();
  const actionId = context.newId();
  const { id: serverId, projectId } = server;
  const data = { state, startedAt: now };
  const id = context.newId();
  const requestId = `req-${context.newId()}`;
  try {
    await context.store.tasks.begin(
      { id, serverId, kind: 'follow', step: 'follow', data, actionId, dueAt: now },
      { id: actionId, serverId, action, requestId, userId: actor, projectId, startedAt: now },
      {},
      { onlyIdle: true },
    );
  } catch (error) {
    if (isComputeError(error, 'conflict')) return false;
    // Deleted meanwhile: nobody is left to follow.
    if (isComputeError(error, 'notFound')) return true;
    throw error;
  }
  context.wakeup.notify('tasks');
  return true;
}

/** The workflow behind it. */
export const followWorkflow: Workflow = {
  steps: {
    follow: {
      async run(context, task) {
        const server = await serverOf(context, task);
        const state = task.data['state'] as GuestState;
        const following = followGuest(server, state);
        if (following === undefined) return { next: null };
        const { vmState, powerState, problem } = following;
        const startedAt = Number(task.data['startedAt']);
        const how = {
          ...(server.hostName !== null && { host: server.hostName }),
          ...(problem !== null && { error: problem }),
        };
        return {
          server: { vmState, powerState },
          events: [finishedEvent(context, `guest_${eventWords[state]}`, startedAt, how)],
          ...(problem !== null && { actionMessage: problem }),
          next: null,
        };
      },
    },
  },
  failed: async (_context, _task, error) => ({ actionMessage: error.message, next: null }),
};

const eventWords: Record<GuestState, string> = {
  running: 'running',
  paused: 'paused',
  shutOff: 'shut_off',
  saved: 'saved',
  crashed: 'crashed',
  gone: 'gone',
};
