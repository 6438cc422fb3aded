/**
 * Ids of deleted images. A user may choose the id of a new image, and one that a server names must
 * not become another image. Those of the servers' deleted images are known.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const deletedImages: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'deleted_images', { id: 'text' })
      .addPrimaryKeyConstraint('deleted_images_key', ['id'])
      .execute();
    await sql`
      insert into deleted_images (id)
      select distinct image_ref from instances
      where image_ref is not null and image_ref not in (select id from images)`.execute(db);
  },
};
