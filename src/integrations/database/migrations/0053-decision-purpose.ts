/** A decision records whether it was for a boot or for which kind of move. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const decisionPurpose: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('decisions').addColumn('purpose', 'text').execute();
  },
};
