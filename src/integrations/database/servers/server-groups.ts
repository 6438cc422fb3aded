/**
 * Server groups and their members. A placement is fenced by the group's generation, as a claim is
 * by its host's.
 */
import type { Kysely, Selectable } from 'kysely';
import type { ServerGroupStore, Transition } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import { prepared } from '../rows/prepared.ts';
import { refuseTooManyGroups } from '../projects/quotas.ts';
import type { ComputeTables, ServerGroupRow } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

const groupMap: FieldMap<Omit<ServerGroup, 'members'>, ServerGroupRow> = {
  id: ['uuid', 'plain'],
  name: ['name', 'plain'],
  projectId: ['project_id', 'plain'],
  userId: ['user_id', 'plain'],
  policy: ['policy', 'plain'],
  maxServersPerHost: ['max_server_per_host', 'plain'],
  generation: ['generation', 'plain'],
};

export function serverGroupStore(db: Db): ServerGroupStore {
  const rows = () => db.selectFrom('server_groups').selectAll('server_groups');
  return {
    create: async (made, configured) => {
      const group = { ...made, generation: 1 };
      await inTransaction(db, async (trx) => {
        await refuseTooManyGroups(trx, group, configured);
        await trx
          .insertInto('server_groups')
          .values(toRow(groupMap, group, {}))
          .execute();
      });
      return { ...group, members: [] };
    },
    get: async (id) => (await withMembers(db, await rows().where('uuid', '=', id).execute()))[0],
    list: async ({ projectId, offset, limit }) => {
      const found = projectId === undefined ? rows() : rows().where('project_id', '=', projectId);
      return withMembers(db, await found.orderBy('id').offset(offset).limit(limit).execute());
    },
    remove: (id) => inTransaction(db, (trx) => removeGroup(trx, id)),
    of: async (serverId) => (await withMembers(db, (await groupOf(db, { serverId })).rows))[0],
    hosts: (id) => hostsOf(db, id),
  };
}

const groupOf = prepared((db: Db, given: { serverId: string }) =>
  db
    .selectFrom('server_groups')
    .selectAll('server_groups')
    .innerJoin('server_group_members', 'group_uuid', 'uuid')
    .where('instance_uuid', '=', given.serverId),
);

/**
 * Adds a new server in the transaction that creates it. Throws `invalid` when the group no longer
 * exists.
 */
export async function joinGroup(trx: Db, serverId: string, groupId: string): Promise<void> {
  const group = await trx
    .selectFrom('server_groups')
    .select('uuid')
    .where('uuid', '=', groupId)
    .executeTakeFirst();
  if (group === undefined) throw noSuchGroup(groupId, 'invalid');
  await trx
    .insertInto('server_group_members')
    .values({ instance_uuid: serverId, group_uuid: groupId })
    .execute();
}

/** Removes the deleted server from its group. */
export async function leaveGroup(trx: Db, serverId: string): Promise<void> {
  await trx.deleteFrom('server_group_members').where('instance_uuid', '=', serverId).execute();
}

/**
 * Increments the group's generation; false when a server of it was placed since it was read, or the
 * group no longer exists.
 */
export async function countPlacement(
  trx: Db,
  { id, generation }: NonNullable<Transition['serverGroup']>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('server_groups')
    .set({ generation: generation + 1 })
    .where('uuid', '=', id)
    .where('generation', '=', generation)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function withMembers(db: Db, rows: Selectable<ServerGroupRow>[]): Promise<ServerGroup[]> {
  if (rows.length === 0) return [];
  const members = await db
    .selectFrom('server_group_members')
    .selectAll()
    .where(
      'group_uuid',
      'in',
      rows.map(({ uuid }) => uuid),
    )
    .orderBy('id')
    .execute();
  const byGroup = Map.groupBy(members, (member) => member.group_uuid);
  return rows.map((row) => ({
    ...toFields(groupMap, row),
    members: (byGroup.get(row.uuid) ?? []).map((member) => member.instance_uuid),
  }));
}

async function hostsOf(db: Db, groupId: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('server_group_members')
    .innerJoin('instances', 'instances.uuid', 'server_group_members.instance_uuid')
    .select(['host', (eb) => eb.fn.countAll<number>().as('count')])
    .where('group_uuid', '=', groupId)
    .where('host', 'is not', null)
    .groupBy('host')
    .orderBy('host')
    .execute();
  return new Map(rows.map(({ host, count }) => [host ?? '', count]));
}

async function removeGroup(trx: Db, id: string): Promise<void> {
  await trx.deleteFrom('server_group_members').where('group_uuid', '=', id).execute();
  const { numDeletedRows } = await trx
    .deleteFrom('server_groups')
    .where('uuid', '=', id)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw noSuchGroup(id, 'notFound');
}

function noSuchGroup(id: string, kind: 'invalid' | 'notFound'): ComputeError {
  return new ComputeError(kind, `Instance group ${id} could not be found.`);
}
