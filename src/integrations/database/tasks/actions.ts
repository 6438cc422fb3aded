/**
 * Instance actions and their events: what was done to a server, for `openstack server event list`.
 */
import { type Kysely, type Selectable, sql, type Updateable } from 'kysely';
import type {
  Action,
  ActionEvent,
  ActionOutcome,
  ActionPage,
  NewAction,
} from '#contracts/store/store.ts';
import { ComputeError, errorKinds } from '#core/errors.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import type { ComputeTables, InstanceActionEventRow, InstanceActionRow } from '../sqlite/tables.ts';

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

export async function insertAction(trx: Db, action: NewAction): Promise<void> {
  const whole = { ...action, updatedAt: action.startedAt, message: null };
  await trx
    .insertInto('instance_actions')
    .values(toRow(actionMap, whole, {}))
    .execute();
}

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
  if (events.length > 0) {
    const rows = events.map((event) => toRow(eventMap, event, { action_uuid: actionId }));
    await trx
      .insertInto('instance_actions_events')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['action_uuid', 'event', 'start_time']).doUpdateSet((eb) => ({
          finish_time: eb.ref('excluded.finish_time'),
          result: eb.ref('excluded.result'),
          details: eb.ref('excluded.details'),
          host: eb.ref('excluded.host'),
        })),
      )
      .execute();
  }
  const ended = endOf(ending);
  if (events.length > 0 || Object.keys(ended).length > 0) {
    await trx
      .updateTable('instance_actions')
      .set({ updated_at: now, ...ended })
      .where('uuid', '=', actionId)
      .execute();
  }
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

/** The actions of a server with their events, newest action first, events in recorded order. */
export async function listActions(
  db: Db,
  serverId: string,
  { changedSince, changedBefore, after, limit = mostActions }: ActionPage = {},
): Promise<Action[]> {
  let query = actionsOf(db, serverId).limit(limit);
  if (changedSince !== undefined) query = query.where('updated_at', '>=', changedSince);
  if (changedBefore !== undefined) query = query.where('updated_at', '<=', changedBefore);
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
    .where('instance_uuid', '=', serverId)
    .orderBy('start_time', 'desc')
    .orderBy('id', 'desc');
}

async function withEvents(db: Db, rows: Selectable<InstanceActionRow>[]): Promise<Action[]> {
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

function toAction(
  row: Selectable<InstanceActionRow>,
  events: Selectable<InstanceActionEventRow>[],
): Action {
  return {
    ...toFields(actionMap, row),
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
