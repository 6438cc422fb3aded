/** Several controllers: their rows, which of them a host is linked to, and whose query it is. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';
import { numberLinkChanges } from '../engine/triggers.ts';

export const controllers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'controllers', {
      uuid: 'text',
      name: 'text',
      version: 'text',
      started_at: 'bigint',
      beats: 'bigint',
    })
      .addPrimaryKeyConstraint('controllers_uuid', ['uuid'])
      .addUniqueConstraint('controllers_name', ['name'])
      .execute();
    await newTable(db, 'host_links', {
      compute_node_id: 'text',
      controller_uuid: 'text?',
      link: 'bigint',
      sent_up_to: 'integer',
      closed_at: 'bigint?',
    })
      .addPrimaryKeyConstraint('host_links_host', ['compute_node_id'])
      .execute();
    await newIndex(db, 'host_links_by_controller', 'host_links', ['controller_uuid']);
    await numberLinkChanges(db);
    await db.schema.alterTable('host_commands').addColumn('queried_by', 'text').execute();
    await db.schema
      .createIndex('host_commands_queried')
      .on('host_commands')
      .column('queried_by')
      .where('queried_by', 'is not', null)
      .execute();
  },
};
