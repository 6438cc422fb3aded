/** Hosts: rows of `compute_nodes`, changed only under their generation. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { NewId, Clock } from '#contracts/clock.ts';
import type { Host, HostChange, HostPage, HostStore } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { forgetHost } from './forget-host.ts';
import { changedSince, type RecordedChanges } from './host-changes.ts';
import { countRunning, factsColumns, hostColumns, toHost, toVersion } from './host-row.ts';
import { hostSummaries } from './host-summaries.ts';
import { listDevices, removeDevices, writeDevices } from './pci-devices.ts';
import type { ComputeTables } from '../sqlite/tables.ts';

type Db = Kysely<ComputeTables>;

export function hostStore(
  db: Db,
  { clock, newId, recorded }: { clock: Clock; newId: NewId; recorded: RecordedChanges },
): HostStore {
  return {
    register: (host) => registerHost(db, host, { id: newId(), now: clock.now() }),
    get: async (id) => {
      const row = await hostRows(db).where('uuid', '=', id).executeTakeFirst();
      return row && toHost(row);
    },
    list: () => listHosts(db),
    page: (page) => pageOfHosts(db, page),
    ...hostSummaries(db),
    named: async (name) => {
      const row = await hostRows(db).where('hypervisor_hostname', '=', name).executeTakeFirst();
      return row && toHost(row);
    },
    versions: async () =>
      (
        await db
          .selectFrom('compute_nodes')
          .select([
            'uuid',
            'generation',
            'disabled',
            'disabled_reason',
            'forced_down',
            'last_seen_at',
          ])
          .execute()
      ).map(toVersion),
    changedSince: (mark) => changedSince(db, mark),
    recorded: (since) => recorded.since(since),
    devices: (hostId) => listDevices(db, hostId),
    update: async (change) => {
      const fresh = await db.transaction().execute((trx) => applyHostChange(trx, change));
      if (fresh) recorded.add(change);
      return fresh ? 'ok' : 'stale-host';
    },
    seen: async (hostId, at) => {
      await db
        .updateTable('compute_nodes')
        .set({ last_seen_at: at })
        .where('uuid', '=', hostId)
        .execute();
    },
    forget: (hostId) => db.transaction().execute((trx) => forgetHost(trx, hostId)),
  };
}

const hostsAtOnce = 100;

async function listHosts(db: Db): Promise<Host[]> {
  const hosts: Host[] = [];
  for (;;) {
    const last = hosts.at(-1)?.name;
    const after = last === undefined ? {} : { after: last };
    const page = await pageOfHosts(db, { by: 'name', ...after, limit: hostsAtOnce });
    hosts.push(...page);
    if (page.length < hostsAtOnce) return hosts;
    // SQLite answers synchronously: other requests get a turn between the parts of a long list.
    await afterEvents();
  }
}

async function pageOfHosts(db: Db, { by, after, limit }: HostPage): Promise<Host[]> {
  const column = by === 'name' ? 'hypervisor_hostname' : 'number';
  let query = hostRows(db).orderBy(column).limit(limit);
  if (after !== undefined) query = query.where(column, '>', after);
  return (await query.execute()).map(toHost);
}

/**
 * Writes a change and increments the generation; returns false and writes nothing when the host has
 * changed since it was read. The conditional update of the host's row is the only lock: a second
 * writer finds another generation.
 */
export async function applyHostChange(trx: Db, change: HostChange): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('compute_nodes')
    .set({ ...hostColumns(change), generation: change.generation + 1 })
    .where('uuid', '=', change.hostId)
    .where('generation', '=', change.generation)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  if (change.devices !== undefined) await writeDevices(trx, change.hostId, change.devices);
  if (change.removedDevices !== undefined) {
    await removeDevices(trx, change.hostId, change.removedDevices);
  }
  return true;
}

function hostRows(db: Db) {
  return db.selectFrom('compute_nodes').selectAll('compute_nodes').select(countRunning);
}

async function registerHost(
  db: Db,
  host: Parameters<HostStore['register']>[0],
  { id, now }: { id: string; now: number },
): Promise<Host> {
  await db
    .insertInto('compute_nodes')
    .values((eb) => ({
      uuid: id,
      number: sql<number>`${eb.selectFrom('compute_nodes').select(sql<number>`coalesce(max(number), 0) + 1`.as('next'))}`,
      hypervisor_hostname: host.name,
      generation: 1,
      availability_zone: host.availabilityZone,
      host_ip: host.hostIp,
      ...factsColumns(host.facts),
      vcpus_used: 0,
      memory_mb_used: 0,
      local_gb_used: 0,
      pci_stats: '[]',
      disabled: 0,
      disabled_reason: null,
      forced_down: 0,
      last_seen_at: now,
      created_at: now,
      last_command_seq: 0,
    }))
    .onConflict((conflict) => conflict.column('hypervisor_hostname').doNothing())
    .execute();
  const row = await hostRows(db).where('hypervisor_hostname', '=', host.name).executeTakeFirst();
  invariant(row, `host ${host.name} was registered but cannot be found`);
  return toHost(row);
}
