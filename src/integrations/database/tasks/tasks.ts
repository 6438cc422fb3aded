/** Tasks: the workflow of each server, its lease holder and expiry. */
import {
  type Expression,
  type ExpressionBuilder,
  type Insertable,
  type Kysely,
  type SqlBool,
  sql,
  type Updateable,
} from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type {
  Lease,
  NewAction,
  NewMove,
  NewTask,
  NextStep,
  StoredTask,
  Task,
  TaskDataOf,
  TaskKind,
  TaskRef,
  TaskStore,
} from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import { insertMove } from '../moves/write-move.ts';
import { refuseLargerServer } from '../projects/quotas.ts';
import { insertAction } from './actions.ts';
import { type ServerFields, serverColumns } from '../rows/server-row.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import { isInList } from '../engine/dialect.ts';
import { perEngine } from '../engine/per-engine.ts';
import { taskOverview } from './task-overview.ts';
import { leaseColumns, newTaskRow, noLease, readTask } from './task-row.ts';
import { taskVersion } from './task-schemas.ts';
import type { ComputeTables, TaskRow } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function taskStore(db: Db, clock: Clock): TaskStore {
  return {
    lease: (owner, now, leaseMs, { limit, running = [] }) =>
      leaseTasks(db, { owner, now, leaseMs, limit, running }),
    renew: (owner, until, serverIds) => renewLeases(db, { owner, until, serverIds }),
    hasten: async (now, latest) => {
      await db.updateTable('tasks').set({ due_at: now }).where('due_at', '>', latest).execute();
    },
    release: async (task, owner) => {
      // Compares the leased epoch, not the current one: a workflow that took over waits for exactly
      // this.
      await db
        .updateTable('tasks')
        .set(noLease)
        .where('instance_uuid', '=', task.serverId)
        .where('leased_by', '=', owner)
        .where('leased_epoch', '=', task.epoch)
        .execute();
    },
    postpone: async ({ serverId, epoch }, { owner, until }) => {
      await db
        .updateTable('tasks')
        .set({ ...noLease, due_at: until })
        .where('instance_uuid', '=', serverId)
        .where('leased_by', '=', owner)
        .where('leased_epoch', '=', epoch)
        .whereRef('leased_epoch', '=', 'epoch')
        .execute();
    },
    releaseAll: async () => {
      // The next epoch: a holder that still runs records nothing.
      await db
        .updateTable('tasks')
        .set((eb) => ({ ...noLease, epoch: eb('epoch', '+', 1) }))
        .where('leased_by', 'is not', null)
        .execute();
    },
    begin: (task, action, server, how = { onlyIdle: false }) =>
      inTransaction(db, (trx) =>
        beginTask(trx, { task, action, server, ...how, now: clock.now() }),
      ),
    of: async (serverId) => {
      const { rows } = await taskOf(db, { serverId });
      return rows[0] && readTask(rows[0]);
    },
    isCurrent: async ({ serverId, epoch }) =>
      (await epochOf(db, { serverId })).rows[0]?.epoch === epoch,
    overview: (now, limit) => taskOverview(db, now, limit),
  };
}

const taskOf = prepared((db: Db, given: { serverId: string }) =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('instance_uuid', '=', given.serverId)
    .where('step', 'is not', null),
);

const epochOf = prepared((db: Db, given: { serverId: string }) =>
  db
    .selectFrom('tasks')
    .select('epoch')
    .where('instance_uuid', '=', given.serverId)
    .where('step', 'is not', null),
);

const insert = preparedChange((db: Db, row: Insertable<TaskRow>) =>
  db.insertInto('tasks').values(row),
);

/** A server's first task, in the transaction that creates the server. */
export async function insertTask(trx: Db, task: NewTask): Promise<void> {
  await insert(trx, newTaskRow(task), {});
}

const advance = preparedChange(
  (
    db: Db,
    columns: Updateable<TaskRow>,
    given: { server: string; task: string; ofEpoch: number },
  ) =>
    db
      .updateTable('tasks')
      .set(columns)
      .where('instance_uuid', '=', given.server)
      .where('uuid', '=', given.task)
      .where('epoch', '=', given.ofEpoch)
      .where('step', 'is not', null),
);

/**
 * Moves a task to its next step, or ends it (null); false when it is no longer the server's task.
 */
export async function advanceTask(
  trx: Db,
  task: TaskRef,
  { next, lease, now }: { next: NextStep | null; lease: Lease | undefined; now: number },
): Promise<boolean> {
  const columns = {
    ...(next === null
      ? { step: null, data: '{}', due_at: null }
      : {
          kind: next.kind ?? task.kind,
          step: next.step,
          version: taskVersion,
          data: JSON.stringify(next.data),
          due_at: next.dueAt,
        }),
    ...(lease !== undefined && (isDueAt(next, now) ? leaseColumns(lease, task.epoch) : noLease)),
  };
  const { serverId: server, id, epoch: ofEpoch } = task;
  const { numAffectedRows = 0n } = await advance(trx, columns, { server, task: id, ofEpoch });
  return numAffectedRows > 0n;
}

export function isDueAt(next: NextStep | null, now: number): boolean {
  return next !== null && next.dueAt !== null && next.dueAt <= now;
}

type Due = { serverId: string; now: number };

const makeDue = prepared((db: Db, { serverId, now }: Due) =>
  parkedTask(db, serverId, now).set({ due_at: now }),
);

const makeDueLeased = prepared((db: Db, { serverId, now, owner, until }: Due & Lease) =>
  parkedTask(db, serverId, now).set((eb) => {
    const isHeld = eb('leased_until', '>', now);
    const kept = (
      column: 'leased_by' | 'leased_until' | 'leased_epoch' | 'epoch',
      value: Expression<string | number>,
    ) => eb.case().when(isHeld).then(eb.ref(column)).else(value).end() as never;
    const epoch = epochOfNewHolder(eb);
    return {
      due_at: now,
      leased_by: kept('leased_by', eb.val(owner)),
      leased_until: kept('leased_until', eb.val(until)),
      leased_epoch: kept('leased_epoch', epoch),
      epoch: kept('epoch', epoch),
    };
  }),
);

// oxlint-disable-next-line max-params -- where, whose and when
function parkedTask(db: Db, serverId: string, now: number) {
  return db
    .updateTable('tasks')
    .where('instance_uuid', '=', serverId)
    .where('step', 'is not', null)
    .where((eb) => eb.or([eb('due_at', 'is', null), eb('due_at', '>', now)]))
    .returningAll();
}

/**
 * Makes the parked task of a server due. With a lease, returns the task if it is that owner's from
 * now on.
 */
export async function makeTaskDue(
  trx: Db,
  serverId: string,
  { lease, now }: { lease: Lease | undefined; now: number },
): Promise<StoredTask | undefined> {
  if (lease === undefined) {
    await makeDue(trx, { serverId, now });
    return undefined;
  }
  const { rows } = await makeDueLeased(trx, { serverId, now, ...lease });
  const [row] = rows;
  const isLeased = row?.leased_by === lease.owner && row.leased_until === lease.until;
  return isLeased ? readTask(row) : undefined;
}

/**
 * A task without a lease keeps its epoch. The holder of an expired one may still be running, so its
 * commits must be refused from here on.
 */
function epochOfNewHolder(eb: ExpressionBuilder<ComputeTables, 'tasks'>) {
  return eb
    .case()
    .when('leased_by', 'is', null)
    .then(eb.ref('epoch'))
    .else(eb('epoch', '+', 1))
    .end();
}

interface LeaseRequest {
  owner: string;
  now: number;
  leaseMs: number;
  limit: number;
  running: readonly string[];
}

interface Leasing extends Lease {
  now: number;
  limit: number;
  /** Ids of servers as JSON. */
  running: string;
}

/**
 * One statement, so that no second process can take the same rows between a read and a write.
 * PostgreSQL would wait for a row that another process is leasing and lease it again, so it skips
 * that row.
 */
const leaseDue = prepared((db: Db, given: Leasing) => {
  const due = db
    .selectFrom('tasks')
    .select('instance_uuid')
    .where('due_at', '<=', given.now)
    .where((free) => isFree(free, given))
    .orderBy('due_at')
    .limit(given.limit);
  return db
    .updateTable('tasks')
    .set((eb) => {
      const epoch = epochOfNewHolder(eb);
      return { leased_by: given.owner, leased_until: given.until, epoch, leased_epoch: epoch };
    })
    .where(
      perEngine<SqlBool>({
        sqlite: sql`instance_uuid in ${due}`,
        // As an array it is read once: read again in a join, it would lease more than the limit.
        postgresql: sql`instance_uuid = any (array${due.forUpdate().skipLocked()})`,
      }),
    )
    .returningAll();
});

async function leaseTasks(
  db: Db,
  { owner, now, leaseMs, limit, running }: LeaseRequest,
): Promise<StoredTask[]> {
  const given = { owner, now, until: now + leaseMs, limit, running: JSON.stringify(running) };
  const { rows } = await leaseDue(db, given);
  const byTime = rows.sort((a, b) => (a.due_at ?? 0) - (b.due_at ?? 0));
  return byTime.map(readTask);
}

/**
 * Not leased, or the lease has expired; the owner does not count its own as expired while it runs
 * the step.
 */
function isFree(
  eb: ExpressionBuilder<ComputeTables, 'tasks'>,
  { owner, now, running }: Leasing,
): Expression<SqlBool> {
  const isUnheld = eb('leased_until', 'is', null);
  const hasRunOut = eb('leased_until', '<=', now);
  const isRunningHere = eb.and([
    eb('leased_by', '=', owner),
    isInList('instance_uuid', running),
    // After a takeover the running step has an older epoch: the new workflow waits for it at most
    // until the lease expires.
    eb('leased_epoch', '=', eb.ref('epoch')),
  ]);
  return eb.or([isUnheld, eb.and([hasRunOut, eb.not(isRunningHere)])]);
}

async function renewLeases(
  db: Db,
  { owner, until, serverIds }: { owner: string; until: number; serverIds: readonly string[] },
): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ leased_until: until })
    .where('instance_uuid', 'in', serverIds)
    .where('leased_by', '=', owner)
    .whereRef('leased_epoch', '=', 'epoch')
    .execute();
}

interface Beginning<Kind extends TaskKind> {
  task: NewTask<Kind>;
  action: NewAction | null;
  server: Partial<ServerFields>;
  onlyIdle: boolean;
  move?: NewMove;
  quotas?: ConfiguredQuotas;
  passOn?: (running: StoredTask) => Partial<TaskDataOf[Kind]>;
  now: number;
}

async function beginTask<Kind extends TaskKind>(
  trx: Db,
  { task: given, action, server, onlyIdle, move, quotas, passOn, now }: Beginning<Kind>,
): Promise<Task<Kind>> {
  const running = passOn && (await taskOf(trx, given)).rows[0];
  const passedOn = running && passOn(readTask(running));
  const task = { ...given, data: { ...given.data, ...passedOn } };
  const { numUpdatedRows } = await trx
    .updateTable('instances')
    .set({ updated_at: now, ...serverColumns(server) })
    .where('uuid', '=', task.serverId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) {
    throw new ComputeError('notFound', `Instance ${task.serverId} could not be found.`);
  }
  if (action !== null) await insertAction(trx, action);
  const epoch = await takeOver(trx, task, onlyIdle);
  if (move !== undefined) {
    if (quotas !== undefined) await refuseLargerServer(trx, move, quotas);
    await insertMove(trx, move);
  }
  const { lease: _, ...begun } = task;
  return { ...begun, epoch };
}

/** Makes it the server's task. Returns its epoch; throws `conflict` for one that must not wait. */
async function takeOver(trx: Db, task: NewTask, onlyIdle: boolean): Promise<number> {
  const row = await trx
    .insertInto('tasks')
    .values(newTaskRow(task))
    .onConflict((conflict) =>
      // Without its own lease the old one stays: it ends when the running step returns, or expires.
      conflict
        .column('instance_uuid')
        .doUpdateSet((eb) => ({
          uuid: eb.ref('excluded.uuid'),
          kind: eb.ref('excluded.kind'),
          step: eb.ref('excluded.step'),
          epoch: eb('tasks.epoch', '+', 1),
          version: eb.ref('excluded.version'),
          data: eb.ref('excluded.data'),
          action_uuid: eb.ref('excluded.action_uuid'),
          request_id: eb.ref('excluded.request_id'),
          global_request_id: eb.ref('excluded.global_request_id'),
          due_at: eb.ref('excluded.due_at'),
          ...(task.lease !== undefined && {
            leased_by: eb.ref('excluded.leased_by'),
            leased_until: eb.ref('excluded.leased_until'),
            leased_epoch: eb('tasks.epoch', '+', 1),
          }),
        }))
        .where((eb) => (onlyIdle ? eb('tasks.step', 'is', null) : eb.lit(true))),
    )
    .returning('epoch')
    .executeTakeFirst();
  if (row === undefined && onlyIdle) {
    throw new ComputeError(
      'conflict',
      `Instance ${task.serverId} is busy: another action runs for it; try again when it has ended.`,
    );
  }
  invariant(row, `task ${task.id} was created but cannot be found`);
  return row.epoch;
}
