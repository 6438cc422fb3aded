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
import { preparedChange } from '../rows/prepared.ts';
import type { ComputeTables, InstanceActionRow } from '../engine/tables.ts';

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

/** An event in the column `events`. */
type EventValues = [
  name: string,
  startedAt: number,
  finishedAt: number | null,
  result: ActionEvent['result'],
  details: string | null,
  host: string | null,
];

const insert = preparedChange((db: Db, row: Insertable<InstanceActionRow>) =>
  db.insertInto('instance_actions').values(row),
);

/** `events`: those so far, if any. */
export async function insertAction(
  trx: Db,
  action: NewAction,
  events: readonly ActionEvent[] = [],
): Promise<void> {
  const whole = { ...action, updatedAt: action.startedAt, message: null };
  await insert(trx, toRow(actionMap, whole, eventsColumn(events)), {});
}

const change = preparedChange(
  (db: Db, columns: Updateable<InstanceActionRow>, given: { actionId: string }) => {
    const { events, ...others } = columns;
    return db
      .updateTable('instance_actions')
      .set({ ...others, ...(events !== undefined && { events: sql<string>`events || ${events}` }) })
      .where('uuid', '=', given.actionId)
      .returning(sql<number>`length(events)`.as('length'));
  },
);

interface Progress {
  events?: ActionEvent[];
  message?: string;
  outcome?: ActionOutcome;
  now: number;
}

/**
 * A step's additions to its action. An event with the name and start of an existing one replaces
 * it: it has ended. Of a step that is repeated for days, the newest events are kept.
 */
export async function recordProgress(
  trx: Db,
  actionId: string,
  { events = [], now, ...ending }: Progress,
): Promise<void> {
  const changed = { ...endOf(ending), ...eventsColumn(events) };
  if (Object.keys(changed).length === 0) return;
  const { rows } = await change(trx, { updated_at: now, ...changed }, { actionId });
  if (rows.some(({ length }) => length > longestEvents)) await dropOldEvents(trx, actionId);
}

/** In characters. Events are counted only above this, because that takes two more statements. */
const longestEvents = 32_768;

/** Of one name. */
const mostEvents = 50;

async function dropOldEvents(trx: Db, actionId: string): Promise<void> {
  const one = trx.selectFrom('instance_actions').where('uuid', '=', actionId);
  const { events } = await one.select('events').executeTakeFirstOrThrow();
  const all = toEvents(events);
  const byName = Map.groupBy(all, ({ name }) => name);
  const kept = new Set([...byName.values()].flatMap((same) => same.slice(-mostEvents)));
  const columns = eventsColumn(all.filter((event) => kept.has(event)));
  await trx.updateTable('instance_actions').set(columns).where('uuid', '=', actionId).execute();
}

/** A line for each; nothing where there are none. */
function eventsColumn(events: readonly ActionEvent[]): { events?: string } {
  if (events.length === 0) return {};
  const lines = events.map(({ name, startedAt, finishedAt, result, details, host }) => {
    const values: EventValues = [name, startedAt, finishedAt, result, details, host];
    return `${JSON.stringify(values)}\n`;
  });
  return { events: lines.join('') };
}

/** In the order in which they began to be recorded. */
function toEvents(column: string): ActionEvent[] {
  const events = new Map<string, ActionEvent>();
  for (const line of column.split('\n').slice(0, -1)) {
    const [name, startedAt, finishedAt, result, details, host] = JSON.parse(line) as EventValues;
    events.set(`${name} ${startedAt}`, { name, startedAt, finishedAt, result, details, host });
  }
  return [...events.values()];
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
  return (await query.execute()).map(toAction);
}

/** The newest action of a request. */
export async function findAction(
  db: Db,
  serverId: string,
  requestId: string,
): Promise<Action | undefined> {
  const one = actionsOf(db, serverId).where('request_id', '=', requestId).limit(1);
  return (await one.execute()).map(toAction)[0];
}

function actionsOf(db: Db, serverId: string) {
  return db
    .selectFrom('instance_actions')
    .selectAll()
    .where('instance_uuid', '=', serverId)
    .orderBy('start_time', 'desc')
    .orderBy('id', 'desc');
}

function toAction(row: Selectable<InstanceActionRow>): Action {
  return { ...toFields(actionMap, row), outcome: toOutcome(row), events: toEvents(row.events) };
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
