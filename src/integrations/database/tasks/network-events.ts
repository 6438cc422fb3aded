/** Rows of `network_events`: events about ports, until they are handled. */
import type { Kysely } from 'kysely';
import type { NetworkEvent, NetworkEventStore } from '#contracts/services/network-events.ts';
import type { Transition } from '#contracts/store/store.ts';
import { type NetworkEventKind, networkEventKinds } from '#core/networking/network-event.ts';
import { prepared } from '../rows/prepared.ts';
import { isInList } from '../engine/dialect.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;
type SeenEvents = NonNullable<Transition['seenEvents']>;

export function networkEventStore(db: Db): NetworkEventStore {
  return {
    record: (event, how) => inTransaction(db, (trx) => record(trx, event, how)),
    of: async (serverId) => {
      const rows = await db
        .selectFrom('network_events')
        .selectAll()
        .where('instance_uuid', '=', serverId)
        .orderBy('id')
        .execute();
      return rows.map(({ id, kind, port_id: portId }) => ({
        id,
        serverId,
        kind: kind as NetworkEventKind,
        portId,
      }));
    },
    servers: async () => {
      const { rows } = await serversWithEvents(db, {});
      return rows.map(({ serverId, step }) => ({ serverId, isBusy: step !== null }));
    },
    forget: (serverId, upTo) => forgetNetworkEvents(db, serverId, { upTo }),
  };
}

const serversWithEvents = prepared((db: Db) =>
  db
    .selectFrom('network_events')
    .leftJoin('tasks', 'tasks.instance_uuid', 'network_events.instance_uuid')
    .select(['network_events.instance_uuid as serverId', 'step'])
    .distinct(),
);

async function record(
  trx: Db,
  { serverId, kind, portId }: NetworkEvent,
  { wakes, now }: { wakes: string; now: number },
): Promise<void> {
  if (kind === 'plugged' && !(await isBusy(trx, serverId))) return;
  await trx
    .deleteFrom('network_events')
    .where('instance_uuid', '=', serverId)
    .where('kind', '=', kind)
    .where('port_id', '=', portId)
    .execute();
  await trx
    .insertInto('network_events')
    .values({ instance_uuid: serverId, kind, port_id: portId })
    .execute();
  if (kind !== 'plugged') return;
  await trx
    .updateTable('tasks')
    .set({ due_at: now })
    .where('instance_uuid', '=', serverId)
    .where('step', '=', wakes)
    .where('due_at', '>', now)
    .execute();
}

async function isBusy(trx: Db, serverId: string): Promise<boolean> {
  const task = await trx
    .selectFrom('tasks')
    .select('step')
    .where('instance_uuid', '=', serverId)
    .where('step', 'is not', null)
    .executeTakeFirst();
  return task !== undefined;
}

const forget = prepared((db: Db, given: { serverId: string; kinds: string; upTo: number }) =>
  db
    .deleteFrom('network_events')
    .where('instance_uuid', '=', given.serverId)
    .where(isInList('kind', given.kinds))
    .where('id', '<=', given.upTo),
);

/** Deletes a server's events of these kinds up to this id; default: all of them. */
export async function forgetNetworkEvents(
  trx: Db,
  serverId: string,
  { kinds = networkEventKinds, upTo = Number.MAX_SAFE_INTEGER }: Partial<SeenEvents> = {},
): Promise<void> {
  await forget(trx, { serverId, upTo, kinds: JSON.stringify(kinds) });
}

const unhandled = prepared((db: Db, given: { serverId: string; kind: NetworkEventKind }) =>
  db
    .selectFrom('network_events')
    .select('id')
    .where('instance_uuid', '=', given.serverId)
    .where('kind', '=', given.kind)
    .limit(1),
);

/** Whether an event of this kind is unhandled. */
export async function hasNetworkEvent(
  trx: Db,
  serverId: string,
  kind: NetworkEventKind,
): Promise<boolean> {
  return (await unhandled(trx, { serverId, kind })).rows.length > 0;
}
