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
import { destroyGuest, guestDestroyed } from './tear-down.ts';
import type { StepOutcome, WorkflowStep } from '../engine/workflow.ts';

/** What the steps hand on. */
export interface RemovalData extends Record<string, unknown> {
  /** Its host does not answer, and may have the guest. */
  hostIsSilent?: boolean;
  startedAt?: number;
}

/** Decides that a host is waited for no longer. */
export type SilenceRule = (context: WorkflowContext, server: Server) => Promise<boolean>;

/**
 * For what a user waits for: a host that is down, or whose hypervisor does not answer. Nothing can
 * be learned of the guest.
 */
export const isOnSilentHost: SilenceRule = async (context, server) => {
  const host = await hostOf(context, server);
  if (host === undefined) return false;
  return (
    !context.links.isAlive(host) || host.problems.some(({ code }) => code === hypervisorSilent)
  );
};

/** For a boot: a host that has been silent for the configured time. */
export const isOnLostHost: SilenceRule = async (context, server) => {
  const host = await hostOf(context, server);
  return host !== undefined && context.links.silentMs(host) > context.settings.hostLostMs;
};

/** `destroy-guest` and `guest-destroyed`; both lead to `unbind-ports`. */
export function removalSteps(
  isSilent: SilenceRule,
): Record<'destroy-guest' | 'guest-destroyed', WorkflowStep> {
  const nextWhileWaiting = async (context: WorkflowContext, task: Task): Promise<NextStep> => {
    const now = context.clock.now();
    if (await isSilent(context, await serverOf(context, task))) {
      return { step: 'unbind-ports', data: { ...task.data, hostIsSilent: true }, dueAt: now };
    }
    // Looked at again when the host could have fallen silent.
    return {
      step: 'guest-destroyed',
      data: { startedAt: now, ...task.data },
      dueAt: now + context.settings.hostTimeoutMs,
    };
  };
  return {
    'destroy-guest': {
      async run(context, task) {
        const outcome = await destroyGuest(context, task);
        if (outcome.command === undefined) return outcome;
        return { ...outcome, next: await nextWhileWaiting(context, task) };
      },
    },
    'guest-destroyed': {
      async run(context, task) {
        const asked = await context.store.commands.last(task.serverId, 'destroy');
        if (asked?.result != null) return guestDestroyed(context, task);
        return { next: await nextWhileWaiting(context, task) };
      },
    },
  };
}

/** The step to park at while a silent host still holds what the guest had. */
export function untilHostReturns(task: Task): NextStep {
  return { step: 'host-came-back', data: task.data, dueAt: null };
}

/**
 * The host is back and did what was waiting for it: only now nobody uses what the guest held.
 * `giveBack` records that.
 */
export function returnSteps(
  giveBack: (context: WorkflowContext, task: Task) => Promise<StepOutcome>,
): Record<'host-came-back' | 'ask-again', WorkflowStep> {
  return {
    'host-came-back': {
      exclusive: true,
      async run(context, task) {
        const asked = await context.store.commands.last(task.serverId, 'destroy');
        if (asked?.result?.ok === true) return giveBack(context, task);
        return { next: retryLater(task, context.clock.now(), 'ask-again') };
      },
    },
    'ask-again': {
      async run(context, task) {
        const again = await destroyGuest(context, task);
        if (again.command === undefined) return giveBack(context, task);
        return { ...again, next: untilHostReturns(task) };
      },
    },
  };
}
