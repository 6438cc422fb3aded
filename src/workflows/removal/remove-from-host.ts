/**
 * Steps that remove a guest from a host that may have stopped reporting. Where it has, the workflow
 * continues without it: ports and rows are released, and what the guest holds on the host stays
 * held until the host has confirmed that the guest is gone.
 */
import type { NextStep, Task } from '#contracts/store/store.ts';
import { hypervisorSilent } from '#core/hosts/host-problem.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { retryLater } from '../engine/retry-later.ts';
import { hostOf, serverOf } from '../engine/server-of.ts';
import { guestRemoved, removalOf, type RemovalKind, removeGuest } from './tear-down.ts';
import type { StepOutcome } from '../engine/workflow.ts';

/** Decides that a host is no longer waited for. */
export type SilenceRule = (context: WorkflowContext, server: Server) => Promise<boolean>;

/**
 * For removals that a user waits for: a host that is down, or whose hypervisor does not answer. The
 * guest's state is unknown.
 */
export const isHostSilent: SilenceRule = async (context, server) => {
  const host = await hostOf(context, server);
  if (host === undefined) return false;
  return (
    !context.links.isAlive(host) || host.problems.some(({ code }) => code === hypervisorSilent)
  );
};

/** For a boot: a host that has been silent for the configured time. */
export const isHostLost: SilenceRule = async (context, server) => {
  const host = await hostOf(context, server);
  return host !== undefined && context.links.silentMs(host) > context.settings.hostLostMs;
};

/** `remove-guest` and `guest-removed`; both lead to `unbind-ports`. */
export function removalSteps<Kind extends RemovalKind>(
  isSilent: SilenceRule,
): Record<'removeGuest' | 'guestRemoved', RemovalStep<Kind>> {
  const nextWhileWaiting = async (
    context: WorkflowContext,
    task: Task<Kind>,
  ): Promise<NextStep<Kind>> => {
    const now = context.clock.now();
    if (await isSilent(context, await serverOf(context, task))) {
      return { step: 'unbind-ports', data: { ...task.data, hostIsSilent: true }, dueAt: now };
    }
    // Checked again when the host could have fallen silent.
    return {
      step: 'guest-removed',
      data: { startedAt: now, ...task.data },
      dueAt: now + context.settings.hostTimeoutMs,
      awaitsAnswer: true,
    };
  };
  return {
    async removeGuest(context, task) {
      const outcome = await removeGuest(context, task);
      if (outcome.command === undefined) return outcome;
      return { ...outcome, next: await nextWhileWaiting(context, task) };
    },
    async guestRemoved(context, task) {
      const command = await removalOf(context, task);
      if (command?.result != null) return guestRemoved(context, task);
      return { next: await nextWhileWaiting(context, task) };
    },
  };
}

type RemovalStep<Kind extends RemovalKind> = (
  context: WorkflowContext,
  task: Task<Kind>,
) => Promise<StepOutcome<Kind>>;

/** Removals that end without their host, and wait for its return. */
type WaitingKind = Exclude<RemovalKind, 'shelve'>;

/** The step to park at while a silent host still holds what the guest had. */
export function untilHostReturns<Kind extends WaitingKind>(task: Task<Kind>): NextStep<Kind> {
  return { step: 'host-returned', data: task.data, dueAt: null };
}

/**
 * `host-returned` and `remove-guest-again`: the host is back and has executed its pending commands,
 * and only now what the guest held is unused. `releaseAfterSilence` records that.
 */
export function returnSteps<Kind extends WaitingKind>(
  releaseAfterSilence: RemovalStep<Kind>,
): Record<'hostReturned' | 'removeGuestAgain', RemovalStep<Kind>> {
  return {
    async hostReturned(context, task) {
      const command = await removalOf(context, task);
      if (command?.result?.ok === true) return releaseAfterSilence(context, task);
      return { next: retryLater(task, context.clock.now(), 'remove-guest-again') };
    },
    async removeGuestAgain(context, task) {
      const again = await removeGuest(context, task);
      if (again.command === undefined) return releaseAfterSilence(context, task);
      return { ...again, next: untilHostReturns(task) };
    },
  };
}
