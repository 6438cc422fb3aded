/**
 * Replays what the workers committed, host by host in the order of the generations, against the
 * rules of a claim; and compares the end with the database.
 */
import type { Store } from '#contracts/store/store.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';
import { isSame } from '#core/is-same.ts';
import type { Entry, Intent } from './entry.ts';
import { type Holders, Replay } from './replay.ts';

/** Of a host before the workers began. */
export interface FirstState {
  generation: number;
  devices: readonly PciDevice[];
}

/** What is wrong, each as a sentence; empty: no rule was broken. */
export async function violationsOf(
  entries: readonly Entry[],
  first: ReadonlyMap<string, FirstState>,
  store: Store,
): Promise<string[]> {
  const ends = new Map(entries.flatMap((one) => ('end' in one ? [[one.id, one.end]] : [])));
  const intents = entries.filter((one): one is Intent => 'operation' in one);
  const byHost = Map.groupBy(
    intents.filter(({ id }) => ends.get(id) !== 'refused'),
    ({ hostId }) => hostId,
  );
  const violations: string[] = [];
  const held = new Map<string, string>();
  for (const [hostId, state] of first) {
    const host = await store.hosts.get(hostId);
    if (host === undefined) return [`${hostId}: it is gone`];
    const rows = await store.hosts.devices(hostId);
    const replay = new Replay(byHost.get(hostId) ?? [], {
      isCommitted: (id) => ends.get(id) === 'committed',
      parents: new Map(state.devices.map((one) => [one.address, one.parentAddress])),
    });
    const found = replay.run(state.generation, host.generation, holdersIn(rows));
    if (!isSame(poolsOf(rows), host.pciStats)) found.push('its pools differ from its devices');
    violations.push(...found.map((problem) => `${hostId}: ${problem}`));
    violations.push(...(await misplaced(rows, { store, hostId, held })));
  }
  return violations;
}

function holdersIn(rows: readonly PciDevice[]): Holders {
  return new Map(rows.flatMap(({ address, serverId }) => (serverId ? [[address, serverId]] : [])));
}

/** Devices of which the holder is elsewhere, or has another one too. */
async function misplaced(
  rows: readonly PciDevice[],
  { store, hostId, held }: { store: Store; hostId: string; held: Map<string, string> },
): Promise<string[]> {
  const found: string[] = [];
  for (const [address, serverId] of holdersIn(rows)) {
    const place = `${hostId} ${address}`;
    const other = held.get(serverId);
    if (other !== undefined) found.push(`${serverId} holds ${other} and ${place}`);
    held.set(serverId, place);
    const server = await store.servers.get(serverId);
    if (server?.hostId === hostId) continue;
    found.push(`${place}: its holder is on ${server?.hostId ?? 'no host'}`);
  }
  return found;
}
