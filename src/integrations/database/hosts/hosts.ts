/** Hosts: rows of `compute_nodes`, changed only under their generation. */
import type { Kysely, Updateable } from 'kysely';
import type { NewId, Clock } from '#contracts/clock.ts';
import type { HostChange, HostStore } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { newestLink } from '../rows/current-link.ts';
import { deviceHistory, recordDeviceEvents } from './device-events.ts';
import { forgetHost } from './forget-host.ts';
import { applyHostChanges, forgetLastSeen, registerHosts, writeLastSeen } from './host-batches.ts';
import { changedSince, type RecordedChanges } from './host-changes.ts';
import { hostColumns, toHost, toVersion, versionColumns } from './host-row.ts';
import { hostSummaries } from './host-summaries.ts';
import {
  devicesHeldBy,
  devicesOfHosts,
  listDevices,
  removeDevices,
  writeDevices,
} from './pci-devices.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import { hostRows, listHosts, pageOfHosts } from './read-hosts.ts';
import type { ComputeNodeRow, ComputeTables } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function hostStore(
  db: Db,
  { clock, newId, recorded }: { clock: Clock; newId: NewId; recorded: RecordedChanges },
): HostStore {
  const registerAll: HostStore['registerAll'] = (hosts) =>
    inTransaction(db, (trx) => registerHosts(trx, hosts, { newId, now: clock.now() }));
  return {
    register: async (host) => {
      const [row] = await registerAll([host]);
      invariant(row, `host ${host.name} was registered but cannot be found`);
      return row;
    },
    registerAll,
    get: async (id) => {
      const [row] = (await hostOfId(db, { id })).rows;
      return row && toHost(row);
    },
    version: async (id) => {
      const [row] = (await versionOf(db, { id })).rows;
      return row && toVersion(row);
    },
    list: () => listHosts(db),
    page: (page) => pageOfHosts(db, page),
    ...hostSummaries(db),
    named: async (name) => {
      const row = await hostRows(db).where('hypervisor_hostname', '=', name).executeTakeFirst();
      return row && toHost(row);
    },
    changedSince: (mark) => changedSince(db, mark),
    recorded: (since) => recorded.since(since),
    devices: (hostId) => listDevices(db, hostId),
    devicesOf: (hostIds) => devicesOfHosts(db, hostIds),
    deviceHistory: (page) => deviceHistory(db, page),
    heldBy: (serverId) => devicesHeldBy(db, serverId),
    update: async (change) => {
      const fresh = await inTransaction(db, (trx) => applyHostChange(trx, change, clock.now()));
      if (fresh) recorded.add(change);
      return fresh ? 'ok' : 'stale-host';
    },
    updateAll: async (changes) => {
      const written = await inTransaction(db, (trx) => applyHostChanges(trx, changes, clock.now()));
      for (const change of changes) if (written.has(change.hostId)) recorded.add(change);
      return written;
    },
    stillSeen: (times) => inTransaction(db, (trx) => writeLastSeen(trx, times)),
    unseenAllBut: (names) => forgetLastSeen(db, names),
    seen: async (hostId, at) => {
      await db
        .updateTable('compute_nodes')
        .set({ last_seen_at: at })
        .where('uuid', '=', hostId)
        .execute();
    },
    forget: (hostId) => inTransaction(db, (trx) => forgetHost(trx, hostId)),
  };
}

const hostOfId = prepared((db: Db, given: { id: string }) =>
  hostRows(db).where('uuid', '=', given.id),
);

const versionOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('compute_nodes').select(versionColumns).where('uuid', '=', given.id),
);

const writeHost = preparedChange(
  (db: Db, columns: Updateable<ComputeNodeRow>, given: { hostId: string; read: number }) =>
    db
      .updateTable('compute_nodes')
      .set(columns)
      .where('uuid', '=', given.hostId)
      .where('generation', '=', given.read),
);

/**
 * Writes a change and increments the generation; returns false and writes nothing when the host has
 * changed since it was read. The conditional update of the host's row is the only lock: a second
 * writer finds another generation.
 */
export async function applyHostChange(trx: Db, change: HostChange, now: number): Promise<boolean> {
  const { hostId, generation: read, link } = change;
  if (link !== undefined && (await newestLink(trx, hostId)) > link) return false;
  const columns = { ...hostColumns(change), generation: read + 1 };
  const { numAffectedRows = 0n } = await writeHost(trx, columns, { hostId, read });
  if (numAffectedRows === 0n) return false;
  if (change.deviceEvents !== undefined) {
    await recordDeviceEvents(trx, { hostId, at: now }, change.deviceEvents);
  }
  if (change.devices !== undefined) await writeDevices(trx, change.hostId, change.devices);
  if (change.removedDevices !== undefined) {
    await removeDevices(trx, change.hostId, change.removedDevices);
  }
  return true;
}
