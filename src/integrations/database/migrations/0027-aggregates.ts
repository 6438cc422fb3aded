/**
 * Host aggregates. A host's row has a copy of what its aggregates give it, so that a change of an
 * aggregate is a change of its hosts.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const aggregates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'aggregates', {
      id: 'row number',
      uuid: 'text',
      name: 'text',
      metadata: 'text',
      created_at: 'bigint',
      updated_at: 'bigint?',
    })
      .addUniqueConstraint('aggregates_name', ['name'])
      .execute();
    await newTable(db, 'aggregate_hosts', {
      id: 'row number',
      aggregate_id: 'integer',
      compute_node_id: 'text',
    })
      .addUniqueConstraint('aggregate_hosts_once', ['aggregate_id', 'compute_node_id'])
      .addForeignKeyConstraint('aggregate_hosts_aggregate', ['aggregate_id'], 'aggregates', ['id'])
      .addForeignKeyConstraint('aggregate_hosts_host', ['compute_node_id'], 'compute_nodes', [
        'uuid',
      ])
      .execute();
    await newIndex(db, 'aggregate_hosts_of_host', 'aggregate_hosts', ['compute_node_id']);
    await db.schema.alterTable('compute_nodes').addColumn('aggregates', 'text').execute();
    await db.schema.alterTable('instances').addColumn('pinned_zone', 'text').execute();
  },
};
