/**
 * Moves of servers, with Nova's names and columns. `context`: what changes with the move;
 * `left_on`: a host that may still have a guest of it. Which hosts send guests to others is known.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const moves: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'migrations', {
      id: 'row number',
      uuid: 'text',
      instance_uuid: 'text',
      project_id: 'text',
      user_id: 'text',
      migration_type: 'text',
      status: 'text',
      source_id: 'text?',
      source_compute: 'text?',
      dest_id: 'text?',
      dest_compute: 'text?',
      left_on: 'text?',
      context: 'text',
      created_at: 'bigint',
      updated_at: 'bigint',
    })
      .addUniqueConstraint('migrations_uuid', ['uuid'])
      .execute();
    await newIndex(db, 'migrations_of_server', 'migrations', ['instance_uuid', 'id']);
    await db.schema
      .alterTable('compute_nodes')
      .addColumn('moves_guests', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await newIndex(db, 'migrations_changed', 'migrations', ['updated_at']);
    await db.schema
      .createIndex('migrations_left')
      .on('migrations')
      .columns(['left_on'])
      .where(sql.ref('left_on'), 'is not', null)
      .execute();
  },
};
