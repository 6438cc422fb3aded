/**
 * Databases from before the first release, when migrations 0001 and 0003 were still edited in
 * place. Missing parts are added and surplus ones dropped; later databases, such as all those on
 * PostgreSQL, are left unchanged.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

interface Column {
  name: string;
  notnull: number;
}

export const earlySchemas: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    if (engineOf(db) === 'postgresql') return;
    await addMissing(db, 'instances', 'image_properties', sql`text not null default '{}'`);
    await addMissing(db, 'networks', 'mtu', sql`integer not null default 1500`);
    await addMissing(db, 'networks', 'port_security_enabled', sql`integer not null default 1`);
    const counted = await columnOf(db, 'compute_nodes', 'running_vms');
    if (counted !== undefined) {
      await db.schema.alterTable('compute_nodes').dropColumn('running_vms').execute();
    }
    const physical = await columnOf(db, 'networks', 'physical_network');
    if (physical?.notnull === 1) await allowNoPhysicalNetwork(db);
  },
};

async function columnOf(
  db: Kysely<unknown>,
  table: string,
  column: string,
): Promise<Column | undefined> {
  const found = await sql<Column>`
    select name, "notnull" from pragma_table_info(${table}) where name = ${column}`.execute(db);
  return found.rows[0];
}

async function addMissing(
  db: Kysely<unknown>,
  table: string,
  column: string,
  type: ReturnType<typeof sql>,
): Promise<void> {
  if ((await columnOf(db, table, column)) !== undefined) return;
  await db.schema.alterTable(table).addColumn(column, type).execute();
}

/** SQLite cannot change a column's constraint: a new column takes its name. */
async function allowNoPhysicalNetwork(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('networks_segment').execute();
  await sql`alter table networks rename column physical_network to former`.execute(db);
  await db.schema.alterTable('networks').addColumn('physical_network', 'text').execute();
  await sql`update networks set physical_network = former`.execute(db);
  await db.schema.alterTable('networks').dropColumn('former').execute();
  await db.schema
    .createIndex('networks_segment')
    .on('networks')
    .unique()
    .columns(['physical_network', 'network_type'])
    .expression(sql`coalesce(segmentation_id, 0)`)
    .execute();
}
