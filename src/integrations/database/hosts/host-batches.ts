/** Many hosts in few statements: for the start, and for agents that link at the same time. */
import { type Kysely, type RawBuilder, sql, type Updateable } from 'kysely';
import type { Host, HostChange, NewHost } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { ofCurrentLinks } from '../rows/current-link.ts';
import { recordDeviceEvents } from './device-events.ts';
import { factsColumns, hostColumns, toHost } from './host-row.ts';
import { deviceRow } from './pci-device-row.ts';
import { removeDevices, writeDeviceRows } from './pci-devices.ts';
import { perEngine } from '../engine/per-engine.ts';
import { hostRows } from './read-hosts.ts';
import type { ComputeNodeRow, ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

/** As `HostStore.registerAll`, in the caller's transaction. */
export async function registerHosts(
  trx: Db,
  hosts: readonly NewHost[],
  { newId, now }: { newId: () => string; now: number },
): Promise<Host[]> {
  if (hosts.length === 0) return [];
  const names = hosts.map(({ name }) => name);
  const present = await trx
    .selectFrom('compute_nodes')
    .select('hypervisor_hostname')
    .where('hypervisor_hostname', 'in', names)
    .execute();
  const known = new Set(present.map((row) => row.hypervisor_hostname));
  const missing = new Map(
    hosts.filter(({ name }) => !known.has(name)).map((host) => [host.name, host]),
  );
  if (missing.size > 0) await insertHosts(trx, [...missing.values()], { newId, now });
  const rows = await hostRows(trx).where('hypervisor_hostname', 'in', names).execute();
  const byName = new Map(rows.map((row) => [row.hypervisor_hostname, row]));
  return names.map((name) => {
    const row = byName.get(name);
    invariant(row, `host ${name} was registered but cannot be found`);
    return toHost(row);
  });
}

async function insertHosts(
  trx: Db,
  hosts: readonly NewHost[],
  { newId, now }: { newId: () => string; now: number },
): Promise<void> {
  const { last } = await trx
    .selectFrom('compute_nodes')
    .select(sql<number>`coalesce(max(number), 0)`.as('last'))
    .executeTakeFirstOrThrow();
  const rows = hosts.map((host, at) => ({
    uuid: newId(),
    number: last + at + 1,
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
  }));
  await trx.insertInto('compute_nodes').values(rows).execute();
}

/**
 * Writes each change whose host has not changed since it was read, and increments that host's
 * generation; returns the ids of these hosts. The conditional update of a host's row is the only
 * lock on the host: a second writer finds another generation. At most one change for a host.
 */
export async function applyHostChanges(
  trx: Db,
  given: readonly HostChange[],
  now: number,
): Promise<Set<string>> {
  const changes = await ofCurrentLinks(trx, given);
  const written = new Set<string>();
  const alike = Map.groupBy(
    changes.map((change) => ({ change, columns: hostColumns(change) })),
    ({ columns }) => Object.keys(columns).toSorted().join(),
  );
  for (const group of alike.values()) {
    for (const id of await updateRows(trx, group)) written.add(id);
  }
  const applied = changes.filter(({ hostId }) => written.has(hostId));
  await writeDeviceRows(
    trx,
    applied.flatMap(({ hostId, devices = [] }) =>
      devices.map((device) => deviceRow(hostId, device)),
    ),
  );
  for (const { hostId, removedDevices = [], deviceEvents = [] } of applied) {
    await recordDeviceEvents(trx, { hostId, at: now }, deviceEvents);
    await removeDevices(trx, hostId, removedDevices);
  }
  return written;
}

interface RowChange {
  change: HostChange;
  columns: Updateable<ComputeNodeRow>;
}

/** One statement for changes that set the same columns. */
async function updateRows(trx: Db, group: readonly RowChange[]): Promise<string[]> {
  const names = Object.keys(group[0]?.columns ?? {}) as (keyof ComputeNodeRow)[];
  const set = names.map((name) => sql`${sql.ref(name)} = ${sql.ref(`change.${name}`)}`);
  const { rows } = await sql<{ uuid: string }>`
    with change(${sql.join(['host', 'was', ...names].map((name) => sql.id(name)))})
      as (${rowsOfChanges(names, group)})
    update compute_nodes
    set ${sql.join([...set, sql`generation = change.was + 1`])}
    from change
    where compute_nodes.uuid = change.host and compute_nodes.generation = change.was
    returning compute_nodes.uuid as uuid`.execute(trx);
  return rows.map(({ uuid }) => uuid);
}

/** In PostgreSQL's form a document, whose values have the types of the table's columns. */
function rowsOfChanges(
  names: readonly (keyof ComputeNodeRow)[],
  group: readonly RowChange[],
): RawBuilder<unknown> {
  const values = group.map(({ change, columns }) => {
    const row = [change.hostId, change.generation, ...names.map((name) => columns[name] ?? null)];
    return sql`(${sql.join(row)})`;
  });
  const documents = group.map(({ change, columns }) => ({
    ...columns,
    uuid: change.hostId,
    generation: change.generation,
  }));
  const columns = sql.join(['uuid', 'generation', ...names].map((name) => sql.id(name)));
  return perEngine({
    sqlite: sql`values ${sql.join(values)}`,
    postgresql: sql`select ${columns}
      from json_populate_recordset(null::compute_nodes, ${JSON.stringify(documents)}::json)`,
  });
}

/** Hosts in one statement: an engine limits its parameters. */
const hostsPerStatement = 1_000;

/**
 * Writes when these hosts were last seen, by id. One whose row has 0 keeps it: it is silent until
 * it links again.
 */
export async function writeLastSeen(trx: Db, times: ReadonlyMap<string, number>): Promise<void> {
  for (const [at, ids] of Map.groupBy(times.keys(), (id) => times.get(id) ?? 0)) {
    for (let start = 0; start < ids.length; start += hostsPerStatement) {
      await trx
        .updateTable('compute_nodes')
        .set({ last_seen_at: at })
        .where('uuid', 'in', ids.slice(start, start + hostsPerStatement))
        .where('last_seen_at', '!=', 0)
        .execute();
    }
  }
}

/** Sets the last contact of every host to 0, except of those with these names. */
export async function forgetLastSeen(db: Db, names: readonly string[]): Promise<void> {
  const all = db.updateTable('compute_nodes').set({ last_seen_at: 0 });
  await (names.length === 0 ? all : all.where('hypervisor_hostname', 'not in', names)).execute();
}
