/**
 * SQL that differs between engines: row numbers, columns computed from JSON, and triggers. The rest
 * goes through Kysely.
 */
import {
  type ColumnDefinitionBuilder,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  sql,
} from 'kysely';

/**
 * A column that numbers rows in the order of their insertion. Example: `.addColumn('id', 'integer',
 * rowNumber)`.
 */
export function rowNumber(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement();
}

/**
 * Adds a column computed as this number of a JSON document in another; null where there is no valid
 * document. No row has to be written.
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
 * The text under this key of a JSON document in a column; null where there is no valid document or
 * no such key. Example: `textInJson('flavor', 'id')`.
 */
export function textInJson(of: string, key: string): RawBuilder<string> {
  return sql`cast(${valueInJson(of, key)} as text)`;
}

function valueInJson(of: string, key: string): RawBuilder<unknown> {
  return sql`case when json_valid(${sql.ref(of)}) then json_extract(${sql.ref(of)}, ${sql.lit(`$.${key}`)}) end`;
}

/**
 * The values under these paths of a JSON document, as the text of a JSON list with null for those
 * that are missing; a text that is no document stays as it is. Example: `valuesInJson('vif',
 * ['macAddress', 'network.name'])` → `["fa:16:3e:00:00:01","red"]`.
 */
export function valuesInJson(of: string, paths: readonly string[]): RawBuilder<string | null> {
  const places = sql.join(paths.map((path) => sql.lit(`$.${path}`)));
  return sql`case when json_valid(${sql.ref(of)}) then json_extract(${sql.ref(of)}, ${places}) else ${sql.ref(of)} end`;
}

/**
 * Whether a column has one of the values of a JSON list, which is one parameter: the statement is
 * the same for any number of values. Example: `isInList('uuid', '["a","b"]')`.
 */
export function isInList(column: string, list: string): RawBuilder<SqlBool> {
  return sql`${sql.ref(column)} in (select value from json_each(${list}))`;
}

/**
 * Checkpoints the write-ahead log and truncates it: it holds no older state of a row any more, and
 * some MiB of disk become free. Fails on a full disk.
 */
export async function dropLog<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/** For a disk on which the usual 4 MiB of write-ahead log are much: checkpoints after 64 pages. */
export async function keepLogShort<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_autocheckpoint = 64`.execute(db);
}

/**
 * Makes the database refuse to reassign a held PCI device to another server, or to delete its row,
 * before it is released.
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

/**
 * Makes the database note which addresses of ports end a run, in the transaction that adds or
 * removes one: `ends_run` is 1 where no port of the subnet has the `next_address`. Addresses that
 * are deleted with their port count too. One without a key is not found by its place in the order:
 * its removal reads the addresses of its subnet.
 */
export async function markRunEnds(db: Kysely<unknown>): Promise<void> {
  const before = (row: RawBuilder<unknown>) => sql`
    next_address = ${row}.ip_address and rowid = (
      select rowid from port_addresses
      where subnet_id = ${row}.subnet_id and address_key < ${row}.address_key
      order by address_key desc limit 1)`;
  await sql`
    create trigger port_addresses_added after insert on port_addresses
    begin
      update port_addresses set ends_run = 0 where ${before(sql`new`)};
      update port_addresses set ends_run = not exists (
        select 1 from port_addresses as other
        where other.subnet_id = new.subnet_id and other.ip_address = new.next_address)
      where rowid = new.rowid;
    end`.execute(db);
  await sql`
    create trigger port_addresses_removed after delete on port_addresses
    begin
      update port_addresses set ends_run = 1 where ${before(sql`old`)};
      update port_addresses set ends_run = 1
      where old.address_key is null
        and subnet_id = old.subnet_id and next_address = old.ip_address;
    end`.execute(db);
}

/**
 * Makes the database number each change of a host in `host_changes`, in the transaction that makes
 * it: a new host, a new generation, a sign of life, a removal. One transaction writes at a time, so
 * that the numbers have the order of the commits.
 */
export async function numberHostChanges(db: Kysely<unknown>): Promise<void> {
  const events = [
    { name: 'inserted', on: sql`insert`, row: sql`new` },
    { name: 'updated', on: sql`update of generation, last_seen_at`, row: sql`new` },
    { name: 'deleted', on: sql`delete`, row: sql`old` },
  ];
  for (const { name, on, row } of events) {
    await sql`
      create trigger ${sql.id(`compute_nodes_${name}`)} after ${on} on compute_nodes
      begin
        insert into host_changes (uuid, number)
        values (${row}.uuid, (select coalesce(max(number), 0) + 1 from host_changes))
        on conflict (uuid) do update set number = excluded.number;
      end`.execute(db);
  }
}
