/** The controllers that share the database. */
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { ControllerStore } from '#contracts/store/controllers/controller-store.ts';
import { prepared } from '../rows/prepared.ts';
import type { LogEraser } from '../sqlite/log/log-eraser.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { noLease } from '../tasks/task-row.ts';
import { closeLinksOf } from './host-links.ts';

type Db = Kysely<ComputeTables>;

/** `beats` of a controller that is being removed. */
const ended = -1;

export function controllerStore(
  db: Db,
  { clock, eraser }: { clock: Clock; eraser: LogEraser },
): ControllerStore {
  const remove = async (id: string): Promise<void> => {
    // Statements of their own, each of which may be repeated: one transaction over all tasks would
    // conflict with every step. The row goes last, so that another controller completes it.
    await db.updateTable('controllers').set({ beats: ended }).where('uuid', '=', id).execute();
    await db
      .updateTable('tasks')
      .set((eb) => ({ ...noLease, epoch: eb('epoch', '+', 1) }))
      .where('due_at', 'is not', null)
      .where((eb) => eb.or([eb('leased_by', '=', id), eb('leased_by', 'like', `${id}/%`)]))
      .execute();
    await closeLinksOf(db, id, clock.now());
    await db.deleteFrom('host_commands').where('asked_by', '=', id).execute();
    // Its queries may have held a password.
    eraser.erased();
    await db.deleteFrom('controllers').where('uuid', '=', id).execute();
  };
  return {
    async add({ id, name, version, startedAt }) {
      const before = await db
        .selectFrom('controllers')
        .select('uuid')
        .where('name', '=', name)
        .execute();
      for (const { uuid } of before) await remove(uuid);
      const row = { uuid: id, name, version, started_at: startedAt, beats: 0 };
      await db.insertInto('controllers').values(row).execute();
    },
    beat: async (id) => {
      const { numAffectedRows = 0n } = await beat(db, { id });
      return numAffectedRows > 0n;
    },
    list: async () =>
      (await all(db, {})).rows.map(({ uuid: id, started_at: startedAt, ...row }) => ({
        ...row,
        id,
        startedAt,
      })),
    remove,
  };
}

const beat = prepared((db: Db, given: { id: string }) =>
  db
    .updateTable('controllers')
    .set((eb) => ({ beats: eb('beats', '+', 1) }))
    .where('uuid', '=', given.id)
    .where('beats', '>=', 0),
);

const all = prepared((db: Db) =>
  db.selectFrom('controllers').selectAll().orderBy('started_at').orderBy('uuid'),
);
