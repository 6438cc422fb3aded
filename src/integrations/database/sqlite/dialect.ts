/**
 * What SQL says differently from engine to engine: row numbers, columns made of JSON, and triggers.
 * All else goes through Kysely.
 */
import { type ColumnDefinitionBuilder, type Kysely, type RawBuilder, sql } from 'kysely';

/**
 * A column that numbers rows in the order of their insertion. Example: `.addColumn('id', 'integer',
 * rowNumber)`.
 */
export function rowNumber(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement();
}

/**
 * Adds a column that always is this number of a JSON document in another; null where the document
 * is none. No row has to be written for it.
 */
export async function columnOfJson(
  db: Kysely<unknown>,
  table: string,
  { column, of, key }: { column: string; of: string; key: string },
): Promise<void> {
  await sql`alter table ${sql.table(table)} add column ${sql.ref(column)} integer generated always as (${valueInJson(of, key)}) virtual`.execute(
    db,
  );
}

/**
 * The text under this key of a JSON document in a column; null where the document is none, or has
 * none. Example: `textInJson('flavor', 'id')`.
 */
export function textInJson(of: string, key: string): RawBuilder<string> {
  return sql`cast(${valueInJson(of, key)} as text)`;
}

function valueInJson(of: string, key: string): RawBuilder<unknown> {
  return sql`case when json_valid(${sql.ref(of)}) then json_extract(${sql.ref(of)}, ${sql.lit(`$.${key}`)}) end`;
}

/** A JSON document in a column without this key; what is no document stays as it is. */
export function withoutKey(of: string, key: string): RawBuilder<string | null> {
  return sql`case when json_valid(${sql.ref(of)}) then json_remove(${sql.ref(of)}, ${sql.lit(`$.${key}`)}) else ${sql.ref(of)} end`;
}

/**
 * Moves all of the write-ahead log into the database and cuts it to nothing: no older state of a
 * row is left in it, and up to some MiB of disk are free again. Fails on a disk without any room.
 */
export async function dropLog<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/**
 * For a disk on which the usual 4 MiB of write-ahead log are much: 64 pages are enough to move them
 * into the database.
 */
export async function keepLogShort<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_autocheckpoint = 64`.execute(db);
}

/**
 * Makes the database itself refuse that a held PCI device goes from one server to another, or that
 * its row goes, before it was given back, whatever the code does.
 */
export async function fenceHeldDevices(db: Kysely<unknown>): Promise<void> {
  await sql`
    create trigger pci_devices_one_holder before update on pci_devices
    when old.instance_uuid is not null and new.instance_uuid is not null
      and old.instance_uuid <> new.instance_uuid
    begin select raise(abort, 'this PCI device is held by another server'); end`.execute(db);
  await sql`
    create trigger pci_devices_keep_held before delete on pci_devices
    when old.instance_uuid is not null
    begin select raise(abort, 'this PCI device is held by a server'); end`.execute(db);
}
