/**
 * What many agents need at the same moment, as after a restart of the controller, in few
 * statements.
 */
import type { HostCommand } from '#contracts/host/host-link.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import { Batches } from '#runtime/batches.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { type NamedReport, newHost, recordInventories } from './record-inventories.ts';

interface HostBatches {
  /** Registers a host, if it is new, and returns its row. */
  registration: Batches<NamedReport, Host>;
  /** Stores a report and returns the host's row; undefined when the row changed at that moment. */
  inventory: Batches<NamedReport, Host | undefined>;
  /** The ids of the servers on a host. */
  servers: Batches<string, string[]>;
  /** The commands of a host without a result. */
  commands: Batches<string, HostCommand[]>;
}

/** In one transaction, which holds the database for some ten milliseconds then. */
const devicesAtOnce = 2_000;
/** A host itself costs as much as so many devices. */
const devicesPerHost = 5;
const hostsAtOnce = 500;

const batchesOfStores = new WeakMap<Store, HostBatches>();

/** Those of all agents that use this store. */
export function hostBatches({
  store,
  clock,
}: Pick<WorkflowContext, 'store' | 'clock'>): HostBatches {
  const known = batchesOfStores.get(store);
  if (known !== undefined) return known;
  const batches: HostBatches = {
    registration: new Batches((reports) => store.hosts.registerAll(reports.map(newHost)), {
      atMost: hostsAtOnce,
    }),
    inventory: new Batches((reports) => recordInventories({ store, clock }, reports), {
      atMost: devicesAtOnce,
      weigh: ({ report }) => devicesPerHost + report.devices.length,
    }),
    servers: new Batches(
      eachOf((ids) => store.servers.onHosts(ids)),
      { atMost: hostsAtOnce },
    ),
    commands: new Batches(
      eachOf((ids) => store.commands.pendingOf(ids)),
      { atMost: hostsAtOnce },
    ),
  };
  batchesOfStores.set(store, batches);
  return batches;
}

/** What the map has for each id, or nothing. */
function eachOf<T>(
  read: (ids: readonly string[]) => Promise<Map<string, T[]>>,
): (ids: readonly string[]) => Promise<readonly T[][]> {
  return async (ids) => {
    const found = await read(ids);
    return ids.map((id) => found.get(id) ?? []);
  };
}
