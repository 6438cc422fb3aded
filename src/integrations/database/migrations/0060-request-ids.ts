/** The request that a task or a command belongs to. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const requestIds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const column of ['request_id', 'global_request_id']) {
      await db.schema.alterTable('tasks').addColumn(column, 'text').execute();
    }
    await db.schema.alterTable('host_commands').addColumn('request_id', 'text').execute();
  },
};
