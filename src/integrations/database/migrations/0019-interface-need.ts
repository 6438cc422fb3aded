/**
 * Whether a PCI request needs a device with a network interface becomes a column; it was the key
 * `needs_interface` of the spec. A running attach keeps its request in its task.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

export const interfaceNeed: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('pci_requests')
      .addColumn('needs_interface', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    // A database on PostgreSQL has no row yet.
    if (engineOf(db) === 'postgresql') return;
    await sql`update pci_requests set needs_interface = 1, spec = (
        select json_group_array(json(json_remove(value, '$.needs_interface')))
        from json_each(pci_requests.spec))
      where json_valid(spec) and exists (
        select 1 from json_each(pci_requests.spec)
        where json_extract(value, '$.needs_interface') is not null)`.execute(db);
    await sql`update tasks set data = json_set(data,
        '$.pciRequest.needsInterface',
        json(iif(json_extract(data, '$.pciRequest.spec[0].needs_interface') is null, 'false', 'true')),
        '$.pciRequest.spec', (
          select json_group_array(json(json_remove(value, '$.needs_interface')))
          from json_each(tasks.data, '$.pciRequest.spec')))
      where kind = 'attach' and json_valid(data)
        and json_type(data, '$.pciRequest') = 'object'`.execute(db);
  },
};
