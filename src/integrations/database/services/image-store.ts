/** The image store in SQL. */
import {
  CamelCasePlugin,
  type Insertable,
  type Kysely,
  type Selectable,
  type SelectQueryBuilder,
  type Updateable,
} from 'kysely';
import type {
  ImageRows,
  ImageScope,
  ImageStore,
  StoredImage,
} from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { isVisibleTo, memberRows } from './image-members.ts';
import type { ImageTables } from './image-tables.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import { readRows } from '../rows/readable-rows.ts';
import { rowShape } from '../rows/row-shape.ts';
import { isInList } from '../engine/dialect.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';
import { inTransaction } from '../engine/transaction.ts';

const shape = rowShape<StoredImage>()(['isProtected', 'isHidden'], {
  tags: '[]',
  properties: '{}',
});

type Db = Kysely<ImageTables>;
type ImageRow = ImageTables['images'];

/** The image store over a database that has all migrations. */
export function createImageStore<Tables>(database: Kysely<Tables>): ImageStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Db;
  return { ...rows(db), atomic: (work) => inTransaction(db, (step) => work(rows(step))) };
}

const addImage = preparedChange((db: Db, row: Insertable<ImageRow>) =>
  db.insertInto('images').values(row),
);
const imageOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('images').selectAll().where('id', '=', given.id),
);
const allImages = prepared((db: Db, _given: object) =>
  inListOrder(db.selectFrom('images').selectAll()),
);

/** The statements of what a scope shows, by its kind. */
const visibleImages = new Map<string, ReturnType<typeof imagesOfKind>>();

function imagesOf(scope: ImageScope) {
  const kind = `${scope.memberStatus === 'all'} ${scope.community}`;
  const known = visibleImages.get(kind) ?? imagesOfKind(scope);
  visibleImages.set(kind, known);
  return known;
}

function imagesOfKind({ memberStatus, community }: ImageScope) {
  return prepared((db: Db, given: Omit<ImageScope, 'community'>) => {
    const status = memberStatus === 'all' ? memberStatus : given.memberStatus;
    const scope = { projectId: given.projectId, memberStatus: status, community };
    return inListOrder(db.selectFrom('images').selectAll().where(isVisibleTo(scope)));
  });
}

function inListOrder(query: SelectQueryBuilder<ImageTables, 'images', Selectable<ImageRow>>) {
  return query.orderBy('createdAt', 'desc').orderBy('id');
}

const changeImage = preparedChange(
  (db: Db, columns: Updateable<ImageRow>, given: { key: string }) =>
    db.updateTable('images').set(columns).where('id', '=', given.key),
);
const changeWhile = preparedChange(
  (db: Db, columns: Updateable<ImageRow>, given: { key: string; was: StoredImage['status'] }) =>
    db
      .updateTable('images')
      .set(columns)
      .where('id', '=', given.key)
      .where('status', '=', given.was),
);
const deletedOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('deletedImages').selectAll().where('id', '=', given.id),
);
const rememberDeleted = prepared((db: Db, given: { id: string }) =>
  db
    .insertInto('deletedImages')
    .columns(['id'])
    .expression((is) => is.selectFrom('images').select('id').where('id', '=', given.id))
    .onConflict((conflict) => conflict.doNothing()),
);
const removeImage = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('images').where('id', '=', given.id),
);
const countOf = prepared((db: Db, given: { projectId: string }) =>
  db
    .selectFrom('images')
    .where('projectId', '=', given.projectId)
    .select(({ fn }) => fn.countAll<number>().as('number')),
);

const bytesOf = prepared((db: Db, given: { projectId: string; except: string }) =>
  db
    .selectFrom('images')
    .where('projectId', '=', given.projectId)
    .where((is) => is.not(isInList('id', given.except)))
    .select(({ fn }) => fn.sum<number | null>('sizeBytes').as('bytes')),
);

function rows(db: Db): ImageRows {
  return {
    ...memberRows(db),
    async add(image) {
      if ((await deletedOf(db, { id: image.id })).rows.length > 0) {
        throw new ComputeError('conflict', `image ${image.id} has existed: choose another id`);
      }
      await refuseDuplicate(`image ${image.id} exists already`, () =>
        addImage(db, shape.toRow(image), {}),
      );
    },
    async get(id) {
      const [row] = (await imageOf(db, { id })).rows;
      return row && shape.fromAnyRow(row);
    },
    async list(visibleTo) {
      const { rows } =
        visibleTo === undefined
          ? await allImages(db, {})
          : await imagesOf(visibleTo)(db, visibleTo);
      return readRows('images', rows, shape.fromRow);
    },
    async update(id, change, whileStatus) {
      const columns = shape.toPartialRow(change);
      const { numAffectedRows = 0n } =
        whileStatus === undefined
          ? await changeImage(db, columns, { key: id })
          : await changeWhile(db, columns, { key: id, was: whileStatus });
      return numAffectedRows > 0n;
    },
    async remove(id) {
      await rememberDeleted(db, { id });
      await removeImage(db, { id });
    },
    async count(projectId) {
      const [row] = (await countOf(db, { projectId })).rows;
      return row?.number ?? 0;
    },
    async bytesOf(projectId, except) {
      const [row] = (await bytesOf(db, { projectId, except: JSON.stringify(except) })).rows;
      return row?.bytes ?? 0;
    },
  };
}
