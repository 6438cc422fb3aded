/** The undo steps of a failed boot, beyond those of every removal. */
import type { Task } from '#contracts/store/store.ts';
import type { BootData } from '#contracts/store/task-data.ts';
import { invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy } from '../engine/endings.ts';
import { serverOf } from '../engine/server-of.ts';
import { untilHostReturns } from '../removal/remove-from-host.ts';
import { releaseChange, unbindAndKeepPorts, unbindPorts } from '../removal/tear-down.ts';
import type { StepOutcome } from '../engine/workflow.ts';

type BootStep = (context: WorkflowContext, task: Task<'boot'>) => Promise<StepOutcome<'boot'>>;

/** Is there another host to try? Then the ports created for the server are kept for it. */
export const unbindAfterFailure: BootStep = async (context, task) => {
  const hasNextHost = willTryAnotherHost(context, await serverOf(context, task), task.data);
  return hasNextHost ? unbindAndKeepPorts(context, task) : unbindPorts(context, task);
};

function willTryAnotherHost(
  { settings }: WorkflowContext,
  { hostName }: Server,
  { failure, attempt, hostIsSilent }: BootData,
): boolean {
  // A host that does not answer may run the guest: no other host may start a second one.
  return (
    hostIsSilent !== true &&
    failure?.retry === true &&
    hostName !== null &&
    attempt < settings.bootAttempts
  );
}

/** Last step of an undo: releases the claim, and tries another host where that can help. */
export const release: BootStep = async (context, task) => {
  const server = await serverOf(context, task);
  const {
    failure: _failure,
    failedHosts: _hosts,
    attempt,
    hostIsSilent = false,
    ...rest
  } = task.data;
  const { failure, tried, message } = failureOf(server, task.data);
  const host = hostIsSilent ? undefined : await releaseChange(context, server);
  const noHost = { hostId: null, hostName: null };
  const now = context.clock.now();
  if (willTryAnotherHost(context, server, task.data)) {
    return {
      ...(host !== undefined && { host }),
      server: { ...noHost, taskState: 'scheduling' },
      next: {
        step: 'schedule',
        data: { ...rest, attempt: attempt + 1, failedHosts: tried },
        dueAt: now,
      },
    };
  }
  return {
    ...(host !== undefined && { host }),
    freesPorts: true,
    server: {
      ...(!hostIsSilent && noHost),
      vmState: 'error',
      taskState: null,
      powerState: 0,
      fault: { code: 500, message, details: failure.detail, created: now },
    },
    outcome: failedBy({ ...failure, message }),
    next: hostIsSilent ? untilHostReturns(task) : null,
  };
};

/** Why the boot failed, the hosts that were tried, and what the requester gets of both. */
function failureOf({ id, hostName }: Server, { failure, failedHosts }: BootData) {
  invariant(failure, `boot of ${id} is undone, but no failure is recorded`);
  const tried =
    hostName === null ? [] : [...failedHosts, { host: hostName, reason: failure.message }];
  const message =
    tried.length > 1
      ? `No host could start the server. ${tried.map((t) => `${t.host}: ${t.reason}`).join('; ')}`
      : failure.message;
  return { failure, tried, message };
}

/** The silent host has confirmed that it has no guest of the server. */
export const releaseAfterSilence: BootStep = async (context, task) => {
  const server = await serverOf(context, task);
  const host = await releaseChange(context, server);
  const { failure, message } = failureOf(server, task.data);
  return {
    ...(host !== undefined && { host }),
    server: { hostId: null, hostName: null },
    outcome: failedBy({ ...failure, message }),
    next: null,
  };
};
