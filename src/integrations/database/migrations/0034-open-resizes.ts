/** Open resizes are found without reading other moves; what they may need is counted for quotas. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { columnOfJson } from '../engine/dialect.ts';

export const openResizes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const columns = {
      vcpus_before: 'flavors.before.vcpus',
      vcpus_after: 'flavors.after.vcpus',
      memory_mb_before: 'flavors.before.memoryMib',
      memory_mb_after: 'flavors.after.memoryMib',
    };
    for (const [column, key] of Object.entries(columns)) {
      await columnOfJson(db, 'migrations', { column, of: 'context', key });
    }
    await db.schema
      .createIndex('migrations_open_resizes')
      .on('migrations')
      .columns(['instance_uuid'])
      .where(
        sql<boolean>`migration_type = 'resize'
          and status not in ('confirmed', 'reverted', 'completed', 'done', 'error')`,
      )
      .execute();
  },
};
