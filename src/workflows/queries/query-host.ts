/**
 * A query of a server's host about the running guest, which the caller waits for. Nothing of it
 * stays stored.
 */
import type { CommandResult, HostQuestion } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { currentRequest } from '#runtime/messages/current-request.ts';
import { refuseSilentHost } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { waitForWakeup } from '../engine/wait-for-wakeup.ts';

const usualWaitMs = 10_000;

/**
 * The host's answer, which may be a failure. `action`: what is requested, as Nova names it. Throws
 * `conflict` when the server is on no host or its host is silent, `unavailable` when that does not
 * answer in time.
 */
export async function queryHost(
  context: WorkflowContext,
  {
    action,
    server,
    question,
    waitMs = usualWaitMs,
  }: { action: string; server: Server; question: HostQuestion; waitMs?: number },
): Promise<CommandResult> {
  const { id, hostId } = server;
  if (hostId === null) {
    throw new ComputeError('conflict', `Instance ${id} is not ready: it is on no host`);
  }
  await refuseSilentHost(context, server, action);
  const { commands } = context.store;
  const seq = await commands.ask({
    hostId,
    serverId: id,
    body: question,
    requestId: currentRequest()?.requestId,
  });
  try {
    context.wakeup.notify(`commands:${hostId}`);
    const result = await answerTo(context, { hostId, seq, waitMs });
    if (result !== undefined) return result;
    throw new ComputeError(
      'unavailable',
      `the host of instance ${id} has not answered '${action}' within ${waitMs / 1000} s`,
    );
  } finally {
    await commands.forget(hostId, seq);
  }
}

/** undefined on timeout. */
async function answerTo(
  { store, wakeup, clock }: WorkflowContext,
  { hostId, seq, waitMs }: { hostId: string; seq: number; waitMs: number },
): Promise<CommandResult | undefined> {
  const deadline = clock.now() + waitMs;
  for (;;) {
    const woken = waitForWakeup(wakeup, `answered:${hostId}`);
    try {
      const result = await store.commands.answer(hostId, seq);
      if (result !== undefined || clock.now() > deadline) return result;
      await woken.promise;
    } finally {
      woken.stop();
    }
  }
}
