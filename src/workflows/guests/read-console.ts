/**
 * A guest's console output: a query to its host, which the caller waits for. Nothing of it is
 * stored.
 */
import type { CommandResult } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { refuseSilentHost } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { waitForWakeup } from '../engine/wait-for-wakeup.ts';

const longestWaitMs = 10_000;

/**
 * Its last `lines`; null: all that the host returns. In any state: the output of a failed guest
 * matters most. Throws `conflict` when the server is on no host or its host is silent,
 * `unavailable` when that does not answer in time.
 */
export async function readConsole(
  context: WorkflowContext,
  server: Server,
  lines: number | null,
): Promise<string> {
  const { id, hostId } = server;
  if (hostId === null) {
    throw new ComputeError('conflict', `Instance ${id} is not ready: it is on no host`);
  }
  await refuseSilentHost(context, server, 'get_console_output');
  const { commands } = context.store;
  const body = { do: 'console', guestId: id, lines } as const;
  const seq = await commands.ask({ hostId, serverId: id, body });
  try {
    context.wakeup.notify(`commands:${hostId}`);
    const result = await answerTo(context, { hostId, seq });
    if (result === undefined) {
      throw new ComputeError(
        'unavailable',
        `the host of instance ${id} has not returned its console within ${longestWaitMs / 1000} s`,
      );
    }
    if (!result.ok) {
      throw new ComputeError('unavailable', result.message, { detail: result.detail });
    }
    return result.output ?? '';
  } finally {
    await commands.forget(hostId, seq);
  }
}

/** undefined on timeout. */
async function answerTo(
  { store, wakeup, clock }: WorkflowContext,
  { hostId, seq }: { hostId: string; seq: number },
): Promise<CommandResult | undefined> {
  const deadline = clock.now() + longestWaitMs;
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
