/** Deletes rows of deleted servers, and old ones of devices, few in each transaction. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { PruneStore } from '#contracts/store/prune-store.ts';
import type { ComputeTables } from './engine/tables.ts';
import { inTransaction } from './engine/transaction.ts';

type Db = Kysely<ComputeTables>;

/** How many servers one transaction takes: some have no rows left but their own. */
const serversAtOnce = 20;

export function pruneStore(db: Db): PruneStore {
  return {
    history: (before, limit) =>
      inTransaction(db, async (trx) => {
        const servers = await deletedServers(trx, { before, hasHistory: true });
        if (!(await deleteRows(trx, { servers, limit, from: historyOf }))) return true;
        if (servers.length > 0) {
          await trx
            .updateTable('instances')
            .set({ has_history: 0 })
            .where('uuid', 'in', servers)
            .execute();
        }
        return servers.length === serversAtOnce;
      }),
    servers: (before, limit) =>
      inTransaction(db, async (trx) => {
        const servers = await deletedServers(trx, { before, hasHistory: false });
        if (!(await deleteRows(trx, { servers, limit, from: rowsOf }))) return true;
        return servers.length === serversAtOnce;
      }),
    deviceEvents: async (before, limit) => {
      const old = db
        .selectFrom('device_events')
        .select('id')
        .where('at', '<', before)
        .orderBy('at')
        .limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom('device_events')
        .where('id', 'in', old)
        .executeTakeFirst();
      return numDeletedRows === BigInt(limit);
    },
  };
}

/** The longest deleted. Nothing runs for them, and no host holds anything of theirs. */
async function deletedServers(
  trx: Db,
  { before, hasHistory }: { before: number; hasHistory: boolean },
): Promise<string[]> {
  const rows = await trx
    .selectFrom('instances')
    .select('uuid')
    .where('has_history', '=', hasHistory ? 1 : 0)
    .where('deleted_at', 'is not', null)
    .where('deleted_at', '<', before)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('tasks')
            .select('tasks.uuid')
            .whereRef('tasks.instance_uuid', '=', 'instances.uuid')
            .where('step', 'is not', null),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('host_commands')
            .select('host_commands.id')
            .whereRef('host_commands.instance_uuid', '=', 'instances.uuid')
            .where('succeeded', 'is', null),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('pci_devices')
            .select('pci_devices.id')
            .whereRef('pci_devices.instance_uuid', '=', 'instances.uuid'),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('migrations')
            .select('migrations.id')
            .whereRef('migrations.instance_uuid', '=', 'instances.uuid')
            .where('left_on', 'is not', null),
        ),
      ),
    )
    .orderBy('deleted_at')
    .limit(serversAtOnce)
    .execute();
  return rows.map(({ uuid }) => uuid);
}

/** Rows of servers in a table, by the column that identifies a row. */
interface Rows {
  table: keyof ComputeTables;
  key: string;
  of: (servers: RawBuilder<unknown>) => RawBuilder<unknown>;
}

const byServer =
  (column: string): Rows['of'] =>
  (servers) =>
    sql`${sql.ref(column)} in (${servers})`;

const ofServer = (table: keyof ComputeTables, key = 'id'): Rows => ({
  table,
  key,
  of: byServer('instance_uuid'),
});

/** In an order that foreign keys allow. */
const historyOf: readonly Rows[] = [
  ofServer('instance_actions'),
  ofServer('decisions'),
  ofServer('migrations'),
  ofServer('host_commands'),
  ofServer('tasks', 'instance_uuid'),
];

const rowsOf: readonly Rows[] = [
  ...historyOf,
  ofServer('network_events'),
  ofServer('server_group_members'),
  ofServer('instance_nics'),
  { table: 'instances', key: 'id', of: byServer('uuid') },
];

/** Deletes up to `limit` rows of these servers. Whether all are deleted. */
async function deleteRows(
  trx: Db,
  { servers, limit, from }: { servers: readonly string[]; limit: number; from: readonly Rows[] },
): Promise<boolean> {
  if (servers.length === 0) return true;
  let left = limit;
  for (const { table, key, of } of from) {
    const rows = sql`select ${sql.ref(key)} from ${sql.table(table)}
      where ${of(sql.join(servers))} limit ${left}`;
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ${sql.ref(key)} in (${rows})`.execute(trx);
    left -= Number(numAffectedRows);
    if (left <= 0) return false;
  }
  return true;
}
