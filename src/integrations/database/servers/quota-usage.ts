/**
 * A project's quota usage, from indexes alone: the cost does not grow with the number of servers.
 */
import type { Kysely } from 'kysely';
import type { NewServer, QuotaUsage } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { exceededQuotas } from '#core/quotas/check.ts';
import type { QuotaLimits } from '#core/quotas/limits.ts';
import { allowedServers } from '#core/quotas/new-servers.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables } from '../sqlite/tables.ts';

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
    .where('deleted_at', 'is', null),
);

export async function quotaUsage(db: Db, projectId: string): Promise<QuotaUsage> {
  const [usage] = (await usageOf(db, { projectId })).rows;
  invariant(usage, 'a sum has a row');
  const { instances, cores, ram, server_groups: groups } = usage;
  return { instances, cores: cores ?? 0, ram: ram ?? 0, server_groups: groups ?? 0 };
}

/**
 * How many of these servers of one flavor and group the quota allows, at least `minCount`. Throws
 * `overQuota`.
 */
export async function serversAllowed(
  trx: Db,
  newServers: readonly NewServer[],
  { limits, minCount }: { limits: QuotaLimits; minCount: number },
): Promise<number> {
  const [first] = newServers;
  if (first === undefined) return 0;
  const { flavor, projectId } = first.server;
  const usage = await quotaUsage(trx, projectId);
  return allowedServers(limits, {
    used: { ...usage, ...(await groupMembers(trx, first.groupId)) },
    requested: {
      minCount,
      maxCount: newServers.length,
      cores: flavor.vcpus,
      ram: flavor.memoryMib,
    },
  });
}

async function groupMembers(
  trx: Db,
  groupId: string | null,
): Promise<{ server_group_members?: number }> {
  if (groupId === null) return {};
  return trx
    .selectFrom('server_group_members')
    .select((eb) => eb.fn.countAll<number>().as('server_group_members'))
    .where('group_uuid', '=', groupId)
    .executeTakeFirstOrThrow();
}

/**
 * Throws `overQuota` when the project may not have another group. Source: Nova server groups API.
 */
export async function refuseTooManyGroups(
  trx: Db,
  projectId: string,
  limits: QuotaLimits,
): Promise<void> {
  const used = await quotaUsage(trx, projectId);
  if (exceededQuotas(limits, { used, requested: { server_groups: 1 } }).length === 0) return;
  throw new ComputeError('overQuota', 'Quota exceeded, too many server groups.');
}
