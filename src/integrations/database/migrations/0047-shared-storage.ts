/** Which storage has the files of a host's guests, where other hosts may have it too. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const sharedStorage: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('shared_storage', 'text').execute();
  },
};
