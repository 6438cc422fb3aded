/** Deletes a server: takes over whatever runs for it, then guest, ports, devices, row, in that order. */
import type { Task } from '#contracts/store.ts';
import type { Caller } from '#contracts/identity.ts';
import type { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { finishedEvent } from './record-event.ts';
import { serverOf } from './server-of.ts';
import { destroyGuest, guestDestroyed, releaseChange, unbindPorts } from './tear-down.ts';
import type { StepOutcome, Workflow } from './workflow.ts';

const retryMs = 2_000;

/** Begins the deletion and returns at once; asking again while it runs changes nothing. */
export async function deleteServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  if (server.taskState === 'deleting') return;
  const now = context.clock.now();
  const actionId = context.newId();
  await context.store.tasks.begin(
    {
      id: context.newId(),
      serverId: server.id,
      kind: 'delete',
      step: 'destroy-guest',
      data: {},
      actionId,
      dueAt: now,
    },
    {
      id: actionId,
      serverId: server.id,
      action: 'delete',
      requestId,
      userId: caller.userId,
      projectId: caller.projectId,
      startedAt: now,
    },
    { taskState: 'deleting' },
  );
  context.wakeup.notify('tasks');
}

/** The workflow behind it. Nothing here gives up: what a step frees must not leak. */
export const deleteWorkflow: Workflow = {
  steps: {
    'destroy-guest': { run: destroyGuest },
    'guest-destroyed': { run: guestDestroyed },
    'unbind-ports': { run: unbindPorts },
    release: { run: release, exclusive: true },
  },
  failed: async (
    context: WorkflowContext,
    task: Task,
    error: ComputeError,
  ): Promise<StepOutcome> => ({
    actionMessage: error.message,
    next: { step: task.step, data: task.data, dueAt: context.clock.now() + retryMs },
  }),
};

async function release(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await releaseChange(context, server);
  const now = context.clock.now();
  return {
    ...(host !== undefined && { host }),
    server: {
      vmState: 'deleted',
      taskState: null,
      powerState: 0,
      terminatedAt: now,
      deletedAt: now,
    },
    events: [finishedEvent(context, 'release', startedAt)],
    next: null,
  };
}
