/**
 * Fewer pages for a commit of a boot: events are in the row of their action, and a server, device
 * or task that is on no host, held by nobody or not due is in no index of those that are.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

export const fewerPages: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('instance_actions')
      .addColumn('events', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    // A database on PostgreSQL has no row yet.
    if (engineOf(db) === 'sqlite') await moveEvents(db);
    await db.schema.dropTable('instance_actions_events').execute();
    const again = async (name: string, table: string, columns: string[], condition: string) => {
      await db.schema.dropIndex(name).execute();
      await db.schema
        .createIndex(name)
        .on(table)
        .columns(columns)
        .where(sql.raw<boolean>(condition))
        .execute();
    };
    const inOrder = ['deleted_at', 'created_at', 'id'];
    const live = '"deleted_at" is null';
    await again(
      'instances_live_of_host',
      'instances',
      ['compute_node_id', ...inOrder, 'power_state'],
      `${live} and "compute_node_id" is not null`,
    );
    await again(
      'instances_live_by_host_name',
      'instances',
      ['host', ...inOrder],
      `${live} and "host" is not null`,
    );
    await db.schema.dropIndex('instances_of_host').execute();
    const held = '"instance_uuid" is not null';
    await again('pci_devices_of_server', 'pci_devices', ['instance_uuid'], held);
    await again('tasks_due', 'tasks', ['due_at'], '"due_at" is not null');
  },
};

/** A line for each. */
async function moveEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    update instance_actions set
      updated_at = max(updated_at, (
        select max(coalesce(finish_time, of_action.start_time))
        from instance_actions_events as of_action where action_uuid = instance_actions.uuid)),
      events = (
        select group_concat(line, '') from (
          select json_array(
            event, of_action.start_time, finish_time, result, details, host) || char(10) as line
          from instance_actions_events as of_action
          where action_uuid = instance_actions.uuid order by id))
    where uuid in (select action_uuid from instance_actions_events)`.execute(db);
}
