/**
 * Hosts connect over the network: each has its own token and reports the physical networks that it
 * reaches.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const enrolledHosts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('physical_networks', 'text').execute();
    await newTable(db, 'host_enrolments', {
      id: 'row number',
      host: 'text',
      token_sha256: 'text',
      created_at: 'bigint',
      revoked_at: 'bigint?',
    })
      .addUniqueConstraint('host_enrolments_host', ['host'])
      .addUniqueConstraint('host_enrolments_token', ['token_sha256'])
      .execute();
  },
};
