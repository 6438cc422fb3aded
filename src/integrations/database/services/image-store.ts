/** The image store in SQL. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type { ImageRows, ImageStore, StoredImage } from '#contracts/store/image-store.ts';
import { isVisibleTo, memberRows } from './image-members.ts';
import type { ImageTables } from './image-tables.ts';
import { readRows } from '../rows/readable-rows.ts';
import { rowShape } from '../rows/row-shape.ts';
import { refuseDuplicate } from '../sqlite/unique-violation.ts';

const shape = rowShape<StoredImage>()(['isProtected', 'isHidden'], {
  tags: '[]',
  properties: '{}',
});

/** The image store over a database that has all migrations. */
export function createImageStore<Tables>(database: Kysely<Tables>): ImageStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Kysely<ImageTables>;
  return { ...rows(db), atomic: (work) => db.transaction().execute((step) => work(rows(step))) };
}

function rows(db: Kysely<ImageTables>): ImageRows {
  return {
    ...memberRows(db),
    async add(image) {
      await refuseDuplicate(`image ${image.id} exists already`, () =>
        db.insertInto('images').values(shape.toRow(image)).execute(),
      );
    },
    async get(id) {
      const one = db.selectFrom('images').selectAll().where('id', '=', id);
      const row = await one.executeTakeFirst();
      return row && shape.fromAnyRow(row);
    },
    async list(visibleTo) {
      let all = db.selectFrom('images').selectAll();
      if (visibleTo !== undefined) all = all.where(isVisibleTo(visibleTo));
      const rows = await all.orderBy('createdAt', 'desc').orderBy('id').execute();
      return readRows('images', rows, shape.fromRow);
    },
    async update(id, change, whileStatus) {
      let query = db.updateTable('images').set(shape.toPartialRow(change)).where('id', '=', id);
      if (whileStatus !== undefined) query = query.where('status', '=', whileStatus);
      const [result] = await query.execute();
      return (result?.numUpdatedRows ?? 0n) > 0n;
    },
    async remove(id) {
      await db.deleteFrom('images').where('id', '=', id).execute();
    },
    async count(projectId) {
      const query = db.selectFrom('images').where('projectId', '=', projectId);
      const { number } = await query
        .select(({ fn }) => fn.countAll<number>().as('number'))
        .executeTakeFirstOrThrow();
      return number;
    },
    async bytesOf(projectId, except) {
      let query = db.selectFrom('images').where('projectId', '=', projectId);
      if (except.length > 0) query = query.where('id', 'not in', except);
      const { bytes } = await query
        .select(({ fn }) => fn.sum<number | null>('sizeBytes').as('bytes'))
        .executeTakeFirstOrThrow();
      return bytes ?? 0;
    },
  };
}
