/** What SQL says differently from engine to engine: row numbers and triggers. All else goes through Kysely. */
import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

/** A column that numbers rows in the order of their insertion. Example: `.addColumn('id', 'integer', rowNumber)`. */
export function rowNumber(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement();
}

/**
 * Makes the database itself refuse that a held PCI device goes from one server to another, or that its row goes, before
 * it was given back, whatever the code does.
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
