/**
 * Instance actions and their events: what was done to a server, for `openstack server event list`.
 */
import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from 'kysely';
import type {
  Action,
  ActionEvent,
  ActionOutcome,
  ActionPage,
  NewAction,
} from '#contracts/store/store.ts';
import { ComputeError, errorKinds } from '#core/errors.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import { larger } from '../engine/dialect.ts';
import { preparedChange } from '../rows/prepared.ts';
import type { ComputeTables, InstanceActionEventRow, InstanceActionRow } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const actionMap: FieldMap<Omit<Action, 'events' | 'outcome'>, InstanceActionRow> = {
  id: ['uuid', 'plain'],
  serverId: ['instance_uuid', 'plain'],
  action: ['action', 'plain'],
  requestId: ['request_id', 'plain'],
  userId: ['user_id', 'plain'],
  projectId: ['project_id', 'plain'],
  startedAt: ['start_time', 'plain'],
  updatedAt: ['updated_at', 'plain'],
  message: ['message', 'plain'],
};

const eventMap: FieldMap<ActionEvent, InstanceActionEventRow> = {
  name: ['event', 'plain'],
  startedAt: ['start_time', 'plain'],
  finishedAt: ['finish_time', 'plain'],
  result: ['result', 'plain'],
  details: ['details', 'plain'],
  host: ['host', 'plain'],
};

const insert = preparedChange((db: Db, row: Insertable<InstanceActionRow>) =>
  db.insertInto('instance_actions').values(row),
);

export async function insertAction(trx: Db, action: NewAction): Promise<void> {
  const whole = { ...action, updatedAt: action.startedAt, message: null };
  await insert(trx, toRow(actionMap, whole, {}), {});
}

const writeEvent = preparedChange((db: Db, row: Insertable<InstanceActionEventRow>) =>
  db
    .insertInto('instance_actions_events')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['action_uuid', 'event', 'start_time']).doUpdateSet((eb) => ({
        finish_time: eb.ref('excluded.finish_time'),
        result: eb.ref('excluded.result'),
        details: eb.ref('excluded.details'),
        host: eb.ref('excluded.host'),
      })),
    ),
);

const change = preparedChange(
  (db: Db, columns: Updateable<InstanceActionRow>, given: { actionId: string }) =>
    db.updateTable('instance_actions').set(columns).where('uuid', '=', given.actionId),
);

interface Progress {
  events?: ActionEvent[];
  message?: string;
  outcome?: ActionOutcome;
  now: number;
}

/**
 * A step's additions to its action. An event with the name and start of an existing one replaces
 * it: it has ended.
 */
export async function recordProgress(
  trx: Db,
  actionId: string,
  { events = [], now, ...ending }: Progress,
): Promise<void> {
  for (const event of events) {
    await writeEvent(trx, toRow(eventMap, event, { action_uuid: actionId }), {});
  }
  const ended = endOf(ending);
  if (Object.keys(ended).length > 0) await change(trx, { updated_at: now, ...ended }, { actionId });
}

function endOf({
  message,
  outcome,
}: Pick<Progress, 'message' | 'outcome'>): Updateable<InstanceActionRow> {
  if (outcome === undefined) return message === undefined ? {} : { message };
  if (outcome.is === 'ok') return { outcome: 'ok', ...(message !== undefined && { message }) };
  return { outcome: outcome.is, outcome_kind: outcome.kind, message: outcome.message };
}

const mostActions = 1_000;

/** An event changes its action too; no statement is spent on writing that into the action's row. */
const updatedAt = larger(
  sql.ref<number>('updated_at'),
  sql<number>`coalesce((
  select max(coalesce(finish_time, events.start_time)) from instance_actions_events as events
  where action_uuid = instance_actions.uuid), 0)`,
);

/** The actions of a server with their events, newest action first, events in recorded order. */
export async function listActions(
  db: Db,
  serverId: string,
  { changedSince, changedBefore, after, limit = mostActions }: ActionPage = {},
): Promise<Action[]> {
  let query = actionsOf(db, serverId).limit(limit);
  if (changedSince !== undefined) query = query.where(updatedAt, '>=', changedSince);
  if (changedBefore !== undefined) query = query.where(updatedAt, '<=', changedBefore);
  if (after !== undefined) {
    const last = await actionsOf(db, serverId).where('request_id', '=', after).executeTakeFirst();
    if (last === undefined) throw new ComputeError('invalid', `marker [${after}] not found`);
    query = query.where(sql<boolean>`(start_time, id) < (${last.start_time}, ${last.id})`);
  }
  return withEvents(db, await query.execute());
}

/** The newest action of a request. */
export async function findAction(
  db: Db,
  serverId: string,
  requestId: string,
): Promise<Action | undefined> {
  const one = actionsOf(db, serverId).where('request_id', '=', requestId).limit(1);
  return (await withEvents(db, await one.execute()))[0];
}

function actionsOf(db: Db, serverId: string) {
  return db
    .selectFrom('instance_actions')
    .selectAll()
    .select(updatedAt.as('updatedAt'))
    .where('instance_uuid', '=', serverId)
    .orderBy('start_time', 'desc')
    .orderBy('id', 'desc');
}

type ActionRow = Selectable<InstanceActionRow> & { updatedAt: number };

async function withEvents(db: Db, rows: ActionRow[]): Promise<Action[]> {
  if (rows.length === 0) return [];
  const events = await db
    .selectFrom('instance_actions_events')
    .selectAll()
    .where(
      'action_uuid',
      'in',
      rows.map(({ uuid }) => uuid),
    )
    .orderBy('id')
    .execute();
  const eventsOf = Map.groupBy(events, (event) => event.action_uuid);
  return rows.map((row) => toAction(row, eventsOf.get(row.uuid) ?? []));
}

function toAction(row: ActionRow, events: Selectable<InstanceActionEventRow>[]): Action {
  return {
    ...toFields(actionMap, row),
    updatedAt: row.updatedAt,
    outcome: toOutcome(row),
    events: events.map((event) => toFields(eventMap, event)),
  };
}

function toOutcome({
  outcome,
  outcome_kind: kind,
  message,
}: Selectable<InstanceActionRow>): ActionOutcome | null {
  if (outcome === null) return null;
  if (outcome !== 'refused' && outcome !== 'failed') return { is: 'ok' };
  const known = errorKinds.find((each) => each === kind) ?? 'bug';
  return { is: outcome, kind: known, message: message ?? '' };
}
