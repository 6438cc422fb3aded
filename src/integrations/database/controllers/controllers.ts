/** The controllers that share the database. */
import { type Kysely, sql } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { ControllerStore } from '#contracts/store/controllers/controller-store.ts';
import { prepared } from '../rows/prepared.ts';
import type { LogEraser } from '../sqlite/log/log-eraser.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { repeatRefused } from '../engine/transaction.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';
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
    const ending = db.updateTable('controllers').set({ beats: ended }).where('uuid', '=', id);
    await repeatRefused(() => ending.execute());
    const freeing = freeTasks(db).where((eb) =>
      eb.or([eb('leased_by', '=', id), eb('leased_by', 'like', `${id}/%`)]),
    );
    await repeatRefused(() => freeing.execute());
    await repeatRefused(() => closeLinksOf(db, id, clock.now()));
    const queries = db.deleteFrom('host_commands').where('queried_by', '=', id);
    await repeatRefused(() => queries.execute());
    // Its queries may have held a password.
    eraser.erased();
    const row = db.deleteFrom('controllers').where('uuid', '=', id);
    await repeatRefused(() => row.execute());
    // The row is deleted only once links that were being opened are recorded.
    await repeatRefused(() => closeLinksOf(db, id, clock.now()));
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
      const adding = db.insertInto('controllers').values(row);
      const problem = `another controller with the name ${name} has started at the same time: give each a name of its own`;
      await refuseDuplicate(problem, () => repeatRefused(() => adding.execute()));
    },
    beat: async (id) => {
      const { numAffectedRows = 0n } = await beat(db, { id });
      return numAffectedRows > 0n;
    },
    list: async () =>
      (await all(db, {})).rows.map(({ uuid: id, started_at: startedAt, name, version, beats }) => ({
        id,
        name,
        version,
        startedAt,
        beats,
      })),
    remove,
    freeLeftTasks: async () => {
      const freeing = freeTasks(db)
        .where('leased_by', 'is not', null)
        .where((task) =>
          task.not(
            task.exists(
              task
                .selectFrom('controllers')
                .select('uuid')
                .where((eb) =>
                  eb.or([
                    eb('leased_by', '=', eb.ref('uuid')),
                    eb('leased_by', 'like', sql<string>`controllers.uuid || '/%'`),
                  ]),
                ),
            ),
          ),
        );
      await repeatRefused(() => freeing.execute());
    },
  };
}

/** Those of `where` may be leased again, with the next epoch. */
function freeTasks(db: Db) {
  return db
    .updateTable('tasks')
    .set((eb) => ({ ...noLease, epoch: eb('epoch', '+', 1) }))
    .where('due_at', 'is not', null);
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
