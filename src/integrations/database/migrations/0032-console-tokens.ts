/** Tokens that open the console of a server, by their hash. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const consoleTokens: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'console_tokens', {
      id: 'row number',
      token_sha256: 'text',
      instance_uuid: 'text',
      type: 'text',
      host: 'text',
      place: 'text',
      expires_at: 'bigint',
    })
      .addUniqueConstraint('console_tokens_token', ['token_sha256'])
      .execute();
    for (const column of ['instance_uuid', 'expires_at']) {
      await db.schema
        .createIndex(`console_tokens_${column}`)
        .on('console_tokens')
        .column(column)
        .execute();
    }
  },
};
