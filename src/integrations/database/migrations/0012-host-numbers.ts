/** A host keeps the number that old microversions show, also when another host is forgotten. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const hostNumbers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('number', 'integer').execute();
    await sql`
      update compute_nodes set number = (
        select count(*) from compute_nodes as other
        where other.created_at < compute_nodes.created_at
          or (other.created_at = compute_nodes.created_at and other.uuid <= compute_nodes.uuid)
      )`.execute(db);
  },
};
