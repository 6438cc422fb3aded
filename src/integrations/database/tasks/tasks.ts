/** Tasks: the workflow of each server, its lease holder and expiry. */
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type {
  Lease,
  NewAction,
  NewTask,
  NextStep,
  StoredTask,
  Task,
  TaskKind,
  TaskRef,
  TaskStore,
} from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { insertAction } from './actions.ts';
import { type ServerFields, serverColumns } from '../rows/server-row.ts';
import { taskOverview } from './task-overview.ts';
import { leaseColumns, newTaskRow, noLease, readTask } from './task-row.ts';
import { taskVersion } from './task-schemas.ts';
import type { ComputeTables } from '../sqlite/tables.ts';

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
    releaseAll: async () => {
      await db.updateTable('tasks').set(noLease).where('leased_by', 'is not', null).execute();
    },
    begin: (task, action, server, { onlyIdle } = { onlyIdle: false }) =>
      db
        .transaction()
        .execute((trx) => beginTask(trx, { task, action, server, onlyIdle, now: clock.now() })),
    of: async (serverId) => {
      const row = await db
        .selectFrom('tasks')
        .selectAll()
        .where('instance_uuid', '=', serverId)
        .where('step', 'is not', null)
        .executeTakeFirst();
      return row && readTask(row);
    },
    overview: (now, limit) => taskOverview(db, now, limit),
  };
}

/** A server's first task, in the transaction that creates the server. */
export async function insertTask(trx: Db, task: NewTask): Promise<void> {
  await trx.insertInto('tasks').values(newTaskRow(task)).execute();
}

/**
 * Moves a task to its next step, or ends it (null); false when it is no longer the server's task.
 */
export async function advanceTask(
  trx: Db,
  task: TaskRef,
  { next, lease, now }: { next: NextStep | null; lease: Lease | undefined; now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set({
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
    })
    .where('instance_uuid', '=', task.serverId)
    .where('uuid', '=', task.id)
    .where('epoch', '=', task.epoch)
    .where('step', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export function isDueAt(next: NextStep | null, now: number): boolean {
  return next !== null && next.dueAt !== null && next.dueAt <= now;
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
  const row = await trx
    .updateTable('tasks')
    .set((eb) => {
      if (lease === undefined) return { due_at: now };
      const isHeld = eb('leased_until', '>', now);
      const kept = (
        column: 'leased_by' | 'leased_until' | 'leased_epoch' | 'epoch',
        value: Expression<string | number>,
      ) => eb.case().when(isHeld).then(eb.ref(column)).else(value).end() as never;
      const epoch = epochOfNewHolder(eb);
      return {
        due_at: now,
        leased_by: kept('leased_by', eb.val(lease.owner)),
        leased_until: kept('leased_until', eb.val(lease.until)),
        leased_epoch: kept('leased_epoch', epoch),
        epoch: kept('epoch', epoch),
      };
    })
    .where('instance_uuid', '=', serverId)
    .where('step', 'is not', null)
    .where((eb) => eb.or([eb('due_at', 'is', null), eb('due_at', '>', now)]))
    .returningAll()
    .executeTakeFirst();
  const isLeased = lease !== undefined && row?.leased_by === lease.owner;
  return isLeased && row.leased_until === lease.until ? readTask(row) : undefined;
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

async function leaseTasks(db: Db, request: LeaseRequest): Promise<StoredTask[]> {
  const { owner, now, leaseMs, limit } = request;
  // One statement, so that no second process can take the same rows between a read and a write.
  const rows = await db
    .updateTable('tasks')
    .set((eb) => {
      const epoch = epochOfNewHolder(eb);
      return { leased_by: owner, leased_until: now + leaseMs, epoch, leased_epoch: epoch };
    })
    .where('instance_uuid', 'in', (eb) =>
      eb
        .selectFrom('tasks')
        .select('instance_uuid')
        .where('due_at', '<=', now)
        .where((eb) => isFree(eb, request))
        .orderBy('due_at')
        .limit(limit),
    )
    .returningAll()
    .execute();
  const byTime = rows.sort((a, b) => (a.due_at ?? 0) - (b.due_at ?? 0));
  return byTime.map(readTask);
}

/**
 * Not leased, or the lease has expired; the owner does not count its own as expired while it runs
 * the step.
 */
function isFree(
  eb: ExpressionBuilder<ComputeTables, 'tasks'>,
  { owner, now, running }: LeaseRequest,
): Expression<SqlBool> {
  const isUnheld = eb('leased_until', 'is', null);
  const hasRunOut = eb('leased_until', '<=', now);
  if (running.length === 0) return eb.or([isUnheld, hasRunOut]);
  const isRunningHere = eb.and([
    eb('leased_by', '=', owner),
    eb('instance_uuid', 'in', running),
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

async function beginTask<Kind extends TaskKind>(
  trx: Db,
  {
    task,
    action,
    server,
    onlyIdle,
    now,
  }: {
    task: NewTask<Kind>;
    action: NewAction | null;
    server: Partial<ServerFields>;
    onlyIdle: boolean;
    now: number;
  },
): Promise<Task<Kind>> {
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
  const { lease: _, ...begun } = task;
  return { ...begun, epoch: row.epoch };
}
