/**
 * Lists of live servers are read from indexes without deleted ones: with `deleted_at` among the
 * columns the planner prefers them to the full indexes. Also erases the secrets of deleted servers
 * and of answered commands.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const lists: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const live = (name: string, columns: string[]) =>
      db.schema
        .createIndex(name)
        .on('instances')
        .columns(columns)
        .where(sql.ref('deleted_at'), 'is', null)
        .execute();
    for (const name of [
      'instances_live_of_project',
      'instances_live',
      'instances_live_of_host',
    ] as const) {
      await db.schema.dropIndex(name).execute();
    }
    const inOrder = ['deleted_at', 'created_at', 'id'];
    await live('instances_live_of_project', ['project_id', ...inOrder, 'vcpus', 'memory_mb']);
    await live('instances_live', inOrder);
    await live('instances_live_of_host', ['compute_node_id', ...inOrder, 'power_state']);
    await live('instances_live_by_host_name', ['host', ...inOrder]);
    await sql`update instances set user_data = null, metadata = '{}'
      where deleted_at is not null`.execute(db);
    await sql`update host_commands set body = '{}' where succeeded is not null`.execute(db);
  },
};
