/**
 * The latest change of each host is numbered, so that a reader finds those that changed since it
 * last read.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { numberHostChanges } from '../engine/triggers.ts';
import { newIndex, newTable } from '../engine/new-table.ts';

export const hostChanges: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'host_changes', { uuid: 'text', number: 'integer' })
      .addPrimaryKeyConstraint('host_changes_uuid', ['uuid'])
      .execute();
    await newIndex(db, 'host_changes_by_number', 'host_changes', ['number']);
    await sql`insert into host_changes (uuid, number) select uuid, 0 from compute_nodes`.execute(
      db,
    );
    await numberHostChanges(db);
  },
};
