/**
 * Hosts join with a short-lived token, and have certificates of the cluster's authority. The token
 * of an enrolment from before stays valid.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';
import { newIndex, newTable } from '../engine/new-table.ts';

export const hostCertificates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // On SQLite a column cannot become optional, so the table is made again. A database on
    // PostgreSQL has no row yet.
    const isEmpty = engineOf(db) === 'postgresql';
    if (isEmpty) await db.schema.dropTable('host_enrolments').execute();
    else await db.schema.alterTable('host_enrolments').renameTo('older_enrolments').execute();
    await newTable(db, 'host_enrolments', {
      id: 'row number',
      host: 'text',
      created_at: 'bigint',
      revoked_at: 'bigint?',
      join_token_sha256: 'text?',
      join_expires_at: 'bigint?',
      join_key_sha256: 'text?',
      token_sha256: 'text?',
    })
      .addUniqueConstraint('host_enrolments_host', ['host'])
      .addUniqueConstraint('host_enrolments_join_token', ['join_token_sha256'])
      .addUniqueConstraint('host_enrolments_token', ['token_sha256'])
      .execute();
    if (!isEmpty) {
      await sql`insert into host_enrolments (id, host, created_at, revoked_at, token_sha256)
        select id, host, created_at, revoked_at, token_sha256 from older_enrolments`.execute(db);
      await db.schema.dropTable('older_enrolments').execute();
    }
    await newTable(db, 'host_certificates', {
      id: 'row number',
      serial: 'text',
      host: 'text',
      key_sha256: 'text',
      certificate: 'text',
      not_before: 'bigint',
      not_after: 'bigint',
      revoked_at: 'bigint?',
    })
      .addUniqueConstraint('host_certificates_serial', ['serial'])
      .addUniqueConstraint('host_certificates_key', ['key_sha256'])
      .execute();
    await newIndex(db, 'host_certificates_host', 'host_certificates', ['host']);
    await newTable(db, 'authorities', {
      id: 'row number',
      name: 'text',
      certificate: 'text',
      private_key: 'text',
      created_at: 'bigint',
    })
      .addUniqueConstraint('authorities_name', ['name'])
      .execute();
  },
};
