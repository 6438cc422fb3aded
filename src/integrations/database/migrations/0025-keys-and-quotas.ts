/**
 * Key pairs of users, the key that a server was created with, and the quotas that administrators
 * set. Servers are read in the order in which usage is reported.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const keysAndQuotas: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'key_pairs', {
      id: 'row number',
      user_id: 'text',
      name: 'text',
      type: 'text',
      public_key: 'text',
      fingerprint: 'text',
      created_at: 'bigint',
    })
      .addUniqueConstraint('key_pairs_of_user', ['user_id', 'name'])
      .execute();
    await db.schema.alterTable('instances').addColumn('key_data', 'text').execute();
    await newTable(db, 'quotas', {
      project_id: 'text',
      user_id: 'text',
      resource: 'text',
      hard_limit: 'integer',
    })
      .addPrimaryKeyConstraint('quotas_key', ['project_id', 'user_id', 'resource'])
      .execute();
    await newTable(db, 'quota_classes', {
      class_name: 'text',
      resource: 'text',
      hard_limit: 'integer',
    })
      .addPrimaryKeyConstraint('quota_classes_key', ['class_name', 'resource'])
      .execute();
    await db.schema
      .createIndex('instances_usage')
      .on('instances')
      .columns(['project_id', 'uuid'])
      .where(sql.ref('launched_at'), 'is not', null)
      .execute();
  },
};
