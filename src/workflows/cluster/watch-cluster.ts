/**
 * Follows what other controllers record: links of hosts, hosts, and commands for hosts that are
 * linked here.
 */
import type { WorkflowContext } from '../engine/context.ts';
import { pollLoop } from '../engine/poll-loop.ts';
import { repeat } from '#runtime/timing/repeat.ts';
import type { ClusterLinks } from './cluster-links.ts';

/** Finds what a lost wake-up missed. */
const pollMs = 1_000;

/** Follows them until stopped. */
export function watchCluster(
  context: WorkflowContext,
  shared: ClusterLinks,
): { stop(): Promise<void> } {
  const { store, fleet, links, settings, log } = context;
  const failing = 'cannot read the links of hosts; will try again';
  const reading = pollLoop(context, { topic: 'host-links', pollMs, failing }, async () => {
    await shared.refresh();
    await fleet.refresh(store.hosts, settings, links);
  });
  const waking = repeat(
    () => wakeForCommands(context),
    pollMs,
    (error) => log.error({ err: error }, 'cannot read the commands for hosts; will try again'),
  );
  return {
    async stop() {
      await reading.stop();
      await waking.stop();
    },
  };
}

/** Commands that another controller has recorded for a host that is linked here. */
export async function wakeForCommands({
  store,
  links,
  wakeup,
}: Pick<WorkflowContext, 'store' | 'links' | 'wakeup'>): Promise<void> {
  const sent = links.sentHere();
  if (sent.size === 0) return;
  for (const [hostId, newest] of await store.commands.newestPending()) {
    if (newest > (sent.get(hostId) ?? Infinity)) wakeup.notify(`commands:${hostId}`);
  }
}
