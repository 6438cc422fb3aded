/** A host reports its problems. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const hostProblems: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('problems', 'text').execute();
  },
};
