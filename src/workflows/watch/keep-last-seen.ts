/**
 * Writes now and then when hosts were last seen, for the next start of the controller: a host that
 * was there shortly before counts as alive while its agent links again.
 */
import type { WorkflowContext } from '../engine/context.ts';
import { repeat } from '#runtime/timing/repeat.ts';

type Context = Pick<WorkflowContext, 'store' | 'links' | 'log' | 'settings'>;

/**
 * Four times within the time after which a host counts as down: one statement for all hosts, none
 * when no host has sent anything. Stopped, it writes a last time.
 */
export function keepLastSeen(context: Context): { stop(): Promise<void> } {
  const everyMs = context.settings.hostTimeoutMs / 4;
  const report = (error: unknown): void =>
    context.log.error({ err: error }, 'last contacts of hosts cannot be written');
  const writing = repeat(() => writeLastSeen(context), everyMs, report);
  return {
    async stop() {
      await writing.stop();
      await writeLastSeen(context).catch(report);
    },
  };
}

async function writeLastSeen({ store, links }: Pick<Context, 'store' | 'links'>): Promise<void> {
  const times = links.takeUnwritten();
  if (times.size > 0) await store.hosts.stillSeen(times);
}
