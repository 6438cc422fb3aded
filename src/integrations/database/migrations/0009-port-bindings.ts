/** A port may be bound on further hosts besides the one where it is active. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const portBindings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'port_bindings', {
      port_id: 'text',
      host: 'text',
      vnic_type: 'text',
      profile: 'text',
      vif_type: 'text',
      vif_details: 'text',
    })
      .addPrimaryKeyConstraint('port_bindings_key', ['port_id', 'host'])
      .addForeignKeyConstraint('port_bindings_port', ['port_id'], 'ports', ['id'], (key) =>
        key.onDelete('cascade'),
      )
      .execute();
  },
};
