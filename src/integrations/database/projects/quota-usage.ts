/**
 * What a project, or a user in it, uses of its quotas. Of a project from indexes alone; beside them
 * only the servers with an open resize are read.
 */
import { type Kysely, type SqlBool, sql } from 'kysely';
import type { QuotaOwner } from '#contracts/store/projects/quota-store.ts';
import type { QuotaUsage } from '#contracts/store/store.ts';
import { larger } from '../engine/dialect.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const usageOf = prepared((db: Db, given: { projectId: string }) =>
  db
    .selectFrom('instances')
    .select((eb) => [
      eb.fn.countAll<number>().as('instances'),
      eb.fn.sum<number | null>('vcpus').as('cores'),
      eb.fn.sum<number | null>('memory_mb').as('ram'),
      eb
        .selectFrom('server_groups')
        .select((groups) => groups.fn.countAll<number>().as('server_groups'))
        .where('project_id', '=', given.projectId)
        .as('server_groups'),
    ])
    .where('project_id', '=', given.projectId)
    .where('deleted_at', 'is', null)
    .unionAll(addedByResizes(db).where('instances.project_id', '=', given.projectId)),
);

const usageOfUser = prepared((db: Db, given: { projectId: string; userId: string }) =>
  db
    .selectFrom('instances')
    .select((eb) => [
      eb.fn.countAll<number>().as('instances'),
      eb.fn.sum<number | null>('vcpus').as('cores'),
      eb.fn.sum<number | null>('memory_mb').as('ram'),
      eb
        .selectFrom('server_groups')
        .select((groups) => groups.fn.countAll<number>().as('server_groups'))
        .where('project_id', '=', given.projectId)
        .where('user_id', '=', given.userId)
        .as('server_groups'),
    ])
    .where('project_id', '=', given.projectId)
    .where('user_id', '=', given.userId)
    .where('deleted_at', 'is', null)
    .unionAll(
      addedByResizes(db)
        .where('instances.project_id', '=', given.projectId)
        .where('instances.user_id', '=', given.userId),
    ),
);

/**
 * What open resizes need beyond the flavor that their servers have now: until a resize is confirmed
 * or reverted, the larger of both flavors counts, so that neither way out exceeds a quota.
 *
 * The condition on moves is that of their index `migrations_open_resizes`, word for word. A cross
 * join is done in the order in which it is written: SQLite would begin with the servers.
 */
function addedByResizes(db: Db) {
  return db
    .selectFrom('migrations')
    .crossJoin('instances')
    .whereRef('instances.uuid', '=', 'migrations.instance_uuid')
    .select([
      sql<number>`0`.as('instances'),
      sql<
        number | null
      >`sum(${larger(sql.ref('vcpus_before'), sql.ref('vcpus_after'))} - vcpus)`.as('cores'),
      sql<
        number | null
      >`sum(${larger(sql.ref('memory_mb_before'), sql.ref('memory_mb_after'))} - memory_mb)`.as(
        'ram',
      ),
      sql<number | null>`0`.as('server_groups'),
    ])
    .where(
      sql<SqlBool>`migration_type = 'resize'
        and status not in ('confirmed', 'reverted', 'completed', 'done', 'error')`,
    )
    .where('instances.deleted_at', 'is', null);
}

export async function quotaUsage(db: Db, { projectId, userId }: QuotaOwner): Promise<QuotaUsage> {
  const { rows } = await (userId === undefined
    ? usageOf(db, { projectId })
    : usageOfUser(db, { projectId, userId }));
  const usage: QuotaUsage = { instances: 0, cores: 0, ram: 0, server_groups: 0 };
  for (const row of rows) {
    usage.instances += row.instances;
    usage.cores += row.cores ?? 0;
    usage.ram += row.ram ?? 0;
    usage.server_groups += row.server_groups ?? 0;
  }
  return usage;
}

/** How many members a group has; with `userId`, of this user's servers. */
export async function groupMembers(db: Db, groupId: string, userId?: string): Promise<number> {
  const members = db
    .selectFrom('server_group_members')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('group_uuid', '=', groupId);
  const counted =
    userId === undefined
      ? members
      : members
          .innerJoin('instances', 'instances.uuid', 'server_group_members.instance_uuid')
          .where('instances.user_id', '=', userId);
  return (await counted.executeTakeFirstOrThrow()).count;
}

/** Those of a user, in all projects. */
export async function keyPairsOf(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('key_pairs')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return count;
}
