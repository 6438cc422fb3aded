/** How many tasks there are, what they wait for, and which have been open longest. */
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { TaskOverview, TaskState } from '#contracts/store/store.ts';
import type { ComputeTables } from '../engine/tables.ts';

/** Reads counts and the oldest rows only: the result does not grow with the number of tasks. */
export async function taskOverview(
  db: Kysely<ComputeTables>,
  now: number,
  limit: number,
): Promise<TaskOverview> {
  const open = db.selectFrom('tasks').where('step', 'is not', null);
  const counted = await open
    .select((eb) => [stateOf(eb, now).as('state'), eb.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  const counts = { running: 0, queued: 0, waiting: 0, host: 0 };
  for (const { state, count } of counted) counts[state] = count;
  const rows = await open
    .leftJoin('instance_actions', 'instance_actions.uuid', 'tasks.action_uuid')
    .select(['tasks.instance_uuid', 'kind', 'step', 'due_at', 'instance_actions.start_time'])
    .select((eb) => stateOf(eb, now).as('state'))
    .orderBy(sql`instance_actions.start_time is null`)
    .orderBy('instance_actions.start_time')
    .limit(limit)
    .execute();
  return {
    counts,
    oldest: rows.map((row) => ({
      serverId: row.instance_uuid,
      kind: row.kind,
      step: row.step ?? '',
      state: row.state,
      startedAt: row.start_time,
      dueAt: row.due_at,
    })),
  };
}

function stateOf(eb: ExpressionBuilder<ComputeTables, 'tasks'>, now: number) {
  return eb
    .case()
    .when('leased_until', '>', now)
    .then(sql.lit<TaskState>('running'))
    .when('due_at', 'is', null)
    .then(sql.lit<TaskState>('host'))
    .when('due_at', '<=', now)
    .then(sql.lit<TaskState>('queued'))
    .else(sql.lit<TaskState>('waiting'))
    .end();
}
