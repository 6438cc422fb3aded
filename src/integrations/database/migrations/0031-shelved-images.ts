/** A shelved server has an image of its disk. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const shelvedImages: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('instances').addColumn('shelved_image', 'text').execute();
  },
};
