/**
 * Deletes a server: takes over whatever runs for it, then guest, ports, devices, row, in that order. Where its host is silent the user
 * does not wait: ports and row go first, and the devices stay held until the host has said that the guest is gone.
 */
import type { NextStep, Task } from '#contracts/store.ts';
import type { Caller } from '#contracts/identity.ts';
import type { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { hypervisorSilent } from '#core/hosts/host-problem.ts';
import { finishedEvent } from './record-event.ts';
import { retryLater, retryStep } from './retry-later.ts';
import { isAlive } from './host-state.ts';
import { hostOf, serverOf } from './server-of.ts';
import {
  deletePortsMadeFor,
  destroyGuest,
  guestDestroyed,
  releaseChange,
  unbindPorts,
} from './tear-down.ts';
import { type StepOutcome, stillOurs, type Workflow } from './workflow.ts';

/** A network service that has not made a port by then never will. */
const latePortsMs = 120_000;

/** What the steps hand on. */
interface DeleteData extends Record<string, unknown> {
  /** Its host does not answer. */
  hostIsSilent?: boolean;
  startedAt?: number;
}

/** Begins the deletion and returns at once; asking again changes nothing, unless the host that is waited for has fallen silent. */
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
    'destroy-guest': { run: destroyGuestOrGoOn },
    'guest-destroyed': { run: guestDestroyedOrGoOn },
    'unbind-ports': { run: unbindPorts },
    release: { run: release, exclusive: true },
    'host-came-back': { run: hostCameBack, exclusive: true },
    'ask-again': { run: askAgain },
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

/** A host whose agent or hypervisor does not answer: nothing can be learned of the guest. */
async function isOnSilentHost(context: WorkflowContext, server: Server): Promise<boolean> {
  const host = await hostOf(context, server);
  if (host === undefined) return false;
  const now = context.clock.now();
  return (
    !isAlive(host, context.settings.hostTimeoutMs, now) ||
    host.problems.some(({ code }) => code === hypervisorSilent)
  );
}

async function destroyGuestOrGoOn(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const outcome = await destroyGuest(context, task);
  if (outcome.command === undefined) return outcome;
  return { ...outcome, next: await nextWhileWaiting(context, task) };
}

async function guestDestroyedOrGoOn(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const told = await context.store.commands.last(task.serverId, 'destroy');
  if (told?.result != null) return guestDestroyed(context, task);
  return { next: await nextWhileWaiting(context, task) };
}

/** On with the ports when the host is silent; else wait for its answer, and look again when it could have fallen silent. */
async function nextWhileWaiting(context: WorkflowContext, task: Task): Promise<NextStep> {
  const server = await serverOf(context, task);
  const now = context.clock.now();
  if (await isOnSilentHost(context, server)) {
    return { step: 'unbind-ports', data: { ...task.data, hostIsSilent: true }, dueAt: now };
  }
  return {
    step: 'guest-destroyed',
    data: { startedAt: now, ...task.data },
    dueAt: now + context.settings.hostTimeoutMs,
  };
}

/** The silent host spoke again and did what was waiting for it: only now nobody uses the devices any more. */
async function hostCameBack(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const told = await context.store.commands.last(task.serverId, 'destroy');
  if (told?.result?.ok === true) return giveBack(context, task);
  return { next: retryLater(task, context.clock.now(), 'ask-again') };
}

async function askAgain(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const again = await destroyGuest(context, task);
  if (again.command === undefined) return giveBack(context, task);
  return { ...again, next: { step: 'host-came-back', data: task.data, dueAt: null } };
}

async function giveBack(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const host = await releaseChange(context, await serverOf(context, task));
  return { ...(host !== undefined && { host }), next: null };
}

async function release(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { hostIsSilent = false } = task.data as DeleteData;
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
      ? { step: 'host-came-back', data: task.data, dueAt: null }
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
