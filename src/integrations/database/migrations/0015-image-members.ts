/** Projects that a shared image is shared with. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const imageMembers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'image_members', {
      image_id: 'text',
      member_id: 'text',
      status: 'text',
      created_at: 'bigint',
      updated_at: 'bigint',
    })
      .addPrimaryKeyConstraint('image_members_key', ['image_id', 'member_id'])
      .addForeignKeyConstraint('image_members_image', ['image_id'], 'images', ['id'], (key) =>
        key.onDelete('cascade'),
      )
      .execute();
    await newIndex(db, 'image_members_of_project', 'image_members', ['member_id']);
    await newIndex(db, 'images_of_project', 'images', ['project_id']);
  },
};
