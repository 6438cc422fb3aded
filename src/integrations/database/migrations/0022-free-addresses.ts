/**
 * The addresses of a subnet are in order, and those with a free one after them are marked, so that
 * the next free address is found without reading all; 0023 fills the columns. The ports of a
 * project are counted in an index.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex } from '../engine/new-table.ts';

export const freeAddresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const table = 'port_addresses';
    await db.schema.alterTable(table).addColumn('address_key', 'text').execute();
    await db.schema.alterTable(table).addColumn('next_address', 'text').execute();
    await db.schema
      .alterTable(table)
      .addColumn('ends_run', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await newIndex(db, 'port_addresses_in_order', table, ['subnet_id', 'address_key']);
    await db.schema
      .createIndex('port_addresses_run_ends')
      .on(table)
      .columns(['subnet_id', 'address_key'])
      .where(sql.ref('ends_run'), '=', sql.lit(1))
      .execute();
    await newIndex(db, 'ports_project', 'ports', ['project_id']);
  },
};
