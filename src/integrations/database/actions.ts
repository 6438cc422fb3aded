/** Instance actions and their events: what was done to a server, for `openstack server event list`. */
import type { Kysely, Selectable } from 'kysely';
import type { Action, ActionEvent, NewAction } from '#contracts/store.ts';
import { type FieldMap, toFields, toRow } from './field-map.ts';
import type { ComputeTables, InstanceActionEventRow, InstanceActionRow } from './tables.ts';

type Db = Kysely<ComputeTables>;

const actionMap: FieldMap<Omit<Action, 'events'>, InstanceActionRow> = {
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

/** What a step adds to its action. An event with the name and start of one that is there replaces it: it has ended. */
export async function recordProgress(
  trx: Db,
  actionId: string,
  { events = [], message, now }: { events?: ActionEvent[]; message?: string; now: number },
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
  if (events.length > 0 || message !== undefined) {
    await trx
      .updateTable('instance_actions')
      .set({ updated_at: now, ...(message !== undefined && { message }) })
      .where('uuid', '=', actionId)
      .execute();
  }
}

/** The actions of a server with their events, newest action first, events in the order they were recorded. */
export async function listActions(db: Db, serverId: string): Promise<Action[]> {
  const actions = await db
    .selectFrom('instance_actions')
    .selectAll()
    .where('instance_uuid', '=', serverId)
    .orderBy('start_time', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const events = await db
    .selectFrom('instance_actions_events')
    .innerJoin('instance_actions', 'instance_actions.uuid', 'action_uuid')
    .selectAll('instance_actions_events')
    .where('instance_uuid', '=', serverId)
    .orderBy('instance_actions_events.id')
    .execute();
  const eventsOf = Map.groupBy(events, (event) => event.action_uuid);
  return actions.map((row) => toAction(row, eventsOf.get(row.uuid) ?? []));
}

function toAction(
  row: Selectable<InstanceActionRow>,
  events: Selectable<InstanceActionEventRow>[],
): Action {
  return {
    ...toFields(actionMap, row),
    events: events.map((event) => toFields(eventMap, event)),
  };
}
