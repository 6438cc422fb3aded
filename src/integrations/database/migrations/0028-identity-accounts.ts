/** What the identity service keeps of accounts that are created through its API. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const identityAccounts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const [table, column] of [
      ['identity_users', 'description'],
      ['identity_users', 'email'],
      ['identity_users', 'given_hash'],
      ['identity_roles', 'description'],
      ['identity_tokens', 'application_credential_id'],
    ] as const) {
      await db.schema.alterTable(table).addColumn(column, 'text').execute();
    }
    await newTable(db, 'identity_application_credentials', {
      id: 'text',
      name: 'text',
      description: 'text?',
      user_id: 'text',
      project_id: 'text',
      secret_hash: 'text',
      role_ids: 'text',
      expires_at: 'bigint?',
      unrestricted: 'integer',
    })
      .addPrimaryKeyConstraint('identity_application_credentials_key', ['id'])
      .addUniqueConstraint('identity_application_credentials_name', ['user_id', 'name'])
      .execute();
  },
};
