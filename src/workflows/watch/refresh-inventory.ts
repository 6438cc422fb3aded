/** Stores an agent's report of its host, together with those of other agents at the same moment. */
import type { Host } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostBatches } from './host-batches.ts';
import { inventoryChange, type NamedReport, newHost, recorded } from './record-inventories.ts';

const maxTries = 50;

/**
 * Registers the host when it is new, and returns its row as of the report. Throws `conflict` for
 * one of an older link than the host's newest.
 */
export async function refreshInventory(
  context: WorkflowContext,
  reported: NamedReport,
): Promise<Host> {
  return (await hostBatches(context).inventory.run(reported)) ?? refreshAlone(context, reported);
}

/** For a host that changes while it is read: claims and releases write its row too. */
async function refreshAlone(
  { store, clock }: WorkflowContext,
  { name, report, link }: NamedReport,
): Promise<Host> {
  const { id } = await store.hosts.register(newHost({ name, report }));
  for (let tries = 1; tries < maxTries; tries++) {
    const host = await store.hosts.get(id);
    if (host === undefined) break;
    const known = await store.hosts.devices(id);
    const change = { ...inventoryChange(host, report, known), lastSeenAt: clock.now() };
    const fence = link === undefined ? {} : { link };
    if ((await store.hosts.update({ ...change, ...fence })) === 'ok') return recorded(host, report);
    if (link !== undefined && (await store.hostLinks.newest(id)) > link) {
      throw new ComputeError('conflict', `host ${name} has a newer link than that of its report`);
    }
  }
  throw new ComputeError('unavailable', `inventory of host ${name} could not be recorded`, {
    detail: `host row changed ${maxTries} times during the update; giving up`,
  });
}
