/**
 * Workflow of one step: a server follows its guest, which changed without a request. It holds
 * nothing, so a failed one just ends: the state is reported and compared again.
 */
import type { Task } from '#contracts/store/store.ts';
import { followGuest, type GuestState } from '#core/guests/follow-guest.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy, succeeded } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

export const followWorkflow: Workflow<'follow'> = {
  steps: { follow: { run: follow } },
  failed: async (_context, _task, error) => ({ outcome: failedBy(error), next: null }),
  recover: async (_context, _task, error) => ({ outcome: failedBy(error), next: null }),
};

async function follow(
  context: WorkflowContext,
  task: Task<'follow'>,
): Promise<StepOutcome<'follow'>> {
  const server = await serverOf(context, task);
  const { state, startedAt } = task.data;
  const following = followGuest(server, state);
  if (following === undefined) return { outcome: succeeded, next: null };
  const { vmState, powerState, problem } = following;
  const how = {
    ...(server.hostName !== null && { host: server.hostName }),
    ...(problem !== null && { error: problem }),
  };
  return {
    server: { vmState, powerState },
    events: [finishedEvent(context, `guest_${eventNames[state]}`, startedAt, how)],
    ...(problem !== null && { actionMessage: problem }),
    outcome: succeeded,
    next: null,
  };
}

const eventNames: Record<GuestState, string> = {
  running: 'running',
  paused: 'paused',
  shutOff: 'shut_off',
  saved: 'saved',
  crashed: 'crashed',
  gone: 'gone',
};
