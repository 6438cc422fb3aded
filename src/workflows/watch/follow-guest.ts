/**
 * Workflow of one step: a server follows its guest, which changed without anybody here having asked
 * for it.
 */
import { followGuest, type GuestState } from '#core/guests/follow-guest.ts';
import type { Server } from '#core/servers/server.ts';
import { beginByItself } from '../engine/begin-by-itself.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { Workflow } from '../engine/workflow.ts';

/** Begins it; false, and nothing done, while another workflow runs for the server. */
export async function beginFollowing(
  context: WorkflowContext,
  server: Server,
  { state, action }: { state: GuestState; action: string },
): Promise<boolean> {
  const data = { state, startedAt: context.clock.now() };
  const begun = await beginByItself(context, server, {
    kind: 'follow',
    step: 'follow',
    data,
    action,
  });
  // Of a server that was deleted meanwhile nobody is left to follow.
  return begun !== 'busy';
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
