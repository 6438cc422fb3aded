/** A private flavor is for the projects that have access to it. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const flavorAccess: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'flavor_projects', { flavorid: 'text', project_id: 'text' })
      .addPrimaryKeyConstraint('flavor_projects_key', ['flavorid', 'project_id'])
      .addForeignKeyConstraint(
        'flavor_projects_flavor',
        ['flavorid'],
        'flavors',
        ['flavorid'],
        (key) => key.onDelete('cascade'),
      )
      .execute();
    await newIndex(db, 'flavor_projects_of_project', 'flavor_projects', ['project_id']);
  },
};
