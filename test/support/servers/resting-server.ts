/** A server that runs on host-1, without a workflow: any action may begin. */
import type { ActionEvent } from '#contracts/store/store.ts';
import type { Server } from '#core/servers/server.ts';
import { taskOf } from '../worlds/store-rows.ts';
import type { ComputeWorld } from '../worlds/compute-world.ts';

type Change = Partial<Omit<Server, 'serial'>>;

/** `events` and `message`: of its boot. Its host sends guests to others. */
export async function aRestingServer(
  { store, activeServer }: Pick<ComputeWorld, 'store' | 'activeServer'>,
  change: Change = {},
  { events = [], message }: { events?: ActionEvent[]; message?: string } = {},
): Promise<Server> {
  const server = await activeServer({ nics: [], ...change });
  const task = taskOf('boot', await store.tasks.of(server.id));
  await store.commit({
    task,
    next: null,
    events,
    ...(message !== undefined && { actionMessage: message }),
  });
  for (const { id: hostId, generation, facts } of await store.hosts.list()) {
    await store.hosts.update({ hostId, generation, facts: { ...facts, movesGuests: true } });
  }
  return server;
}
