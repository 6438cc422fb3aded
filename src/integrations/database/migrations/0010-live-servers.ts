/** Usage sums and lists of live servers are read from indexes without deleted servers. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { columnOfJson } from '../engine/dialect.ts';

export const liveServers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await columnOfJson(db, 'instances', { column: 'vcpus', of: 'flavor', key: 'vcpus' });
    await columnOfJson(db, 'instances', { column: 'memory_mb', of: 'flavor', key: 'memoryMib' });
    const live = (name: string, columns: string[]) =>
      db.schema
        .createIndex(name)
        .on('instances')
        .columns(columns)
        .where(sql.ref('deleted_at'), 'is', null)
        .execute();
    await live('instances_live_of_project', [
      'project_id',
      'created_at',
      'id',
      'vcpus',
      'memory_mb',
    ]);
    await live('instances_live', ['created_at', 'id']);
    await live('instances_live_of_host', ['compute_node_id']);
    await db.schema.dropIndex('instances_of_project').execute();
    await db.schema
      .createIndex('instances_of_project')
      .on('instances')
      .columns(['project_id', 'created_at', 'id', 'updated_at', 'deleted_at'])
      .execute();
    await db.schema
      .createIndex('instances_in_order')
      .on('instances')
      .columns(['created_at', 'id', 'updated_at', 'deleted_at'])
      .execute();
  },
};
