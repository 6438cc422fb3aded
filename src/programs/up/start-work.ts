/** The work of a controller that no request waits for. */
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { startDispatcher } from '#workflows/engine/dispatcher.ts';
import { watchSilentHosts } from '#workflows/engine/end-silent-commands.ts';
import { watchLeftGuests } from '#workflows/moves/settle-left.ts';
import { workflows } from '#workflows/server-operations.ts';
import { watchPorts } from '#workflows/watch/watch-ports.ts';

const pollMs = 1_000;

export interface WorkOptions {
  /** Names this process in leases. */
  owner: string;
}

/** Runs tasks, and follows hosts and ports. `stop` returns when the running steps have ended. */
export function startWork(
  context: WorkflowContext,
  { owner }: WorkOptions,
): { stop(): Promise<void> } {
  const dispatcher = startDispatcher(context, {
    owner,
    workflows,
    concurrency: 32,
    leaseMs: 60_000,
    pollMs,
  });
  const ports = watchPorts(context, { pollMs });
  const started = [ports, watchSilentHosts(context), watchLeftGuests(context), dispatcher];
  return {
    async stop() {
      for (const work of started) await work.stop();
    },
  };
}
