/** Who locked a server: its owner or an administrator. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const lockedBy: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('instances').addColumn('locked_by', 'text').execute();
  },
};
