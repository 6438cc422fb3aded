/**
 * Deletes a server: takes over whatever runs for it, then guest, ports, devices, row, in that
 * order. Where its host is silent the user does not wait: ports and row go first, and the devices
 * stay held until the host has said that the guest is gone.
 */
import type { Task } from '#contracts/store/store.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { serverOf } from '../engine/server-of.ts';
import {
  isOnSilentHost,
  type RemovalData,
  removalSteps,
  returnSteps,
  untilHostReturns,
} from './remove-from-host.ts';
import { deletePortsMadeFor, releaseChange, unbindPorts } from './tear-down.ts';
import { type StepOutcome, stillOurs, type Workflow } from '../engine/workflow.ts';

/** A network service that has not made a port by then never will. */
const latePortsMs = 120_000;

/**
 * Begins the deletion and returns at once; asking again changes nothing, unless the host that is
 * waited for has fallen silent.
 */
export async function deleteServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  if (server.taskState === 'deleting' && !(await isOnSilentHost(context, server))) return;
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
    ...removalSteps(isOnSilentHost),
    'unbind-ports': { run: unbindPorts },
    release: { run: release, exclusive: true },
    ...returnSteps(giveBack),
    'late-ports': { run: removeLatePorts },
  },
  failed: async (
    context: WorkflowContext,
    task: Task,
    error: ComputeError,
  ): Promise<StepOutcome> => ({
    actionMessage: error.message,
    next: retryStep(task, context.clock.now()),
  }),
};

async function giveBack(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const host = await releaseChange(context, await serverOf(context, task));
  return { ...(host !== undefined && { host }), next: null };
}

async function release(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { hostIsSilent = false } = task.data as RemovalData;
  // A port that was to be made, and was not recorded: perhaps its creation is still under way.
  const portsMayCome = server.nics.some(({ portId, ownsPort }) => portId === null && !ownsPort);
  const host = hostIsSilent ? undefined : await releaseChange(context, server);
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
    next: hostIsSilent
      ? untilHostReturns(task)
      : portsMayCome
        ? { step: 'late-ports', data: task.data, dueAt: now + latePortsMs }
        : null,
  };
}

async function removeLatePorts(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  await stillOurs(context, task);
  await deletePortsMadeFor(context, await serverOf(context, task));
  return { next: null };
}
