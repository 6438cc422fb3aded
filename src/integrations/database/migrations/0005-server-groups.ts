/** Servers may be in a group, at most one each. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const serverGroups: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'server_groups', {
      id: 'row number',
      uuid: 'text',
      name: 'text',
      project_id: 'text',
      user_id: 'text',
      policy: 'text',
      max_server_per_host: 'integer?',
      generation: 'integer',
    })
      .addUniqueConstraint('server_groups_uuid', ['uuid'])
      .execute();
    await newIndex(db, 'server_groups_of_project', 'server_groups', ['project_id']);
    await newTable(db, 'server_group_members', {
      id: 'row number',
      instance_uuid: 'text',
      group_uuid: 'text',
    })
      .addUniqueConstraint('server_group_members_one_group', ['instance_uuid'])
      .addForeignKeyConstraint('server_group_members_server', ['instance_uuid'], 'instances', [
        'uuid',
      ])
      .addForeignKeyConstraint('server_group_members_group', ['group_uuid'], 'server_groups', [
        'uuid',
      ])
      .execute();
    await newIndex(db, 'server_group_members_of_group', 'server_group_members', ['group_uuid']);
  },
};
