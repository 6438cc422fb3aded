/**
 * Deleted servers are found in the order of their deletion: those that still have a history, and
 * those that have none left.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const pruning: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('instances')
      .addColumn('has_history', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await db.schema
      .createIndex('instances_deleted')
      .on('instances')
      .columns(['has_history', 'deleted_at'])
      .where(sql.ref('deleted_at'), 'is not', null)
      .execute();
  },
};
