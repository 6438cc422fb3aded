/** Quotas of projects and users: what is set, and whether a request is within it. */
import type { Kysely } from 'kysely';
import type {
  CountedServer,
  QuotaOwner,
  QuotaStore,
  ServerQuota,
} from '#contracts/store/projects/quota-store.ts';
import type { NewMove } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { type Amounts, exceededQuotas, quotaSentence } from '#core/quotas/check.ts';
import {
  checkProjectLimits,
  checkUserLimits,
  type ComputeQuota,
  limitsInForce,
  type SetLimits,
} from '#core/quotas/compute-quotas.ts';
import { type ConfiguredQuotas, unlimited } from '#core/quotas/limits.ts';
import { allowedServers } from '#core/quotas/new-servers.ts';
import type { ComputeTables } from '../engine/tables.ts';
import {
  limitsOfUsers,
  readClass,
  readLimits,
  storedLimits,
  writeClass,
  writeLimits,
} from './quota-limits.ts';
import { groupMembers, keyPairsOf, quotaUsage } from './quota-usage.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function quotaStore(db: Db): QuotaStore {
  return {
    limits: async (owner, configured) => {
      const { project, user } = await readLimits(db, owner, configured);
      return owner.userId === undefined ? project : user;
    },
    usage: (owner) => usageOf(db, owner),
    set: (owner, limits, how) =>
      inTransaction(db, (trx) => setLimits(trx, { owner, limits, ...how })),
    clear: async ({ projectId, userId }) => {
      const rows = db.deleteFrom('quotas').where('project_id', '=', projectId);
      await (userId === undefined ? rows : rows.where('user_id', '=', userId)).execute();
    },
    classLimits: (name) => readClass(db, name),
    setClass: (name, limits) => inTransaction(db, (trx) => writeClass(trx, name, limits)),
    serversAllowed: (newServers, quota) => serversAllowed(db, newServers, quota),
  };
}

async function usageOf(db: Db, owner: QuotaOwner): Promise<Amounts<ComputeQuota>> {
  const used = await quotaUsage(db, owner);
  if (owner.userId === undefined) return used;
  return { ...used, key_pairs: await keyPairsOf(db, owner.userId) };
}

async function setLimits(
  trx: Db,
  given: {
    owner: QuotaOwner;
    limits: SetLimits;
    configured: ConfiguredQuotas;
    isForced: boolean;
  },
): Promise<void> {
  const { owner, limits, configured, isForced } = given;
  if (!isForced) {
    const { projectId, userId } = owner;
    const stored = await storedLimits(trx, owner);
    const project = {
      limits: limitsInForce(configured, stored).project,
      used: await usageOf(trx, { projectId }),
      ofUsers: await limitsOfUsers(trx, projectId),
    };
    if (userId === undefined) checkProjectLimits(limits, project);
    else {
      const used = await usageOf(trx, owner);
      checkUserLimits(limits, { own: stored.user, project, used });
    }
  }
  await writeLimits(trx, owner, limits);
}

/** Counted over all servers of a project: not where none of them is limited. */
const ofServers = ['instances', 'cores', 'ram'] as const;

/**
 * How many of these servers of one flavor, group and owner the quotas of the project and of the
 * user allow, at least `minCount`. Throws `overQuota`.
 */
export async function serversAllowed(
  trx: Db,
  newServers: readonly CountedServer[],
  { configured, minCount }: ServerQuota,
): Promise<number> {
  const [first] = newServers;
  if (first === undefined) return 0;
  const { groupId } = first;
  const { flavor, projectId, userId } = first.server;
  const limits = await readLimits(trx, { projectId, userId }, configured);
  const members = async (of?: string) =>
    groupId === null ? {} : { server_group_members: await groupMembers(trx, groupId, of) };
  const requested = {
    minCount,
    maxCount: newServers.length,
    cores: flavor.vcpus,
    ram: flavor.memoryMib,
  };
  const usage = async (of: typeof limits.project, owner: QuotaOwner) =>
    ofServers.every((name) => of[name] === unlimited) ? {} : quotaUsage(trx, owner);
  const used = { ...(await usage(limits.project, { projectId })), ...(await members()) };
  const ofProject = allowedServers(limits.project, { used, requested });
  if (!limits.userHasOwn) return ofProject;
  return allowedServers(limits.user, {
    used: { ...(await usage(limits.user, { projectId, userId })), ...(await members(userId)) },
    requested: { ...requested, maxCount: ofProject },
  });
}

/**
 * Throws `overQuota` when the project, or the user in it, may not have another group. Source: Nova
 * server groups API.
 */
export async function refuseTooManyGroups(
  trx: Db,
  { projectId, userId }: { projectId: string; userId: string },
  configured: ConfiguredQuotas,
): Promise<void> {
  const { project, user, userHasOwn } = await readLimits(trx, { projectId, userId }, configured);
  const isOver = async (limits: typeof project, owner: QuotaOwner) =>
    exceededQuotas(limits, {
      used: await quotaUsage(trx, owner),
      requested: { server_groups: 1 },
    }).length > 0;
  const isRefused =
    (await isOver(project, { projectId })) ||
    (userHasOwn && (await isOver(user, { projectId, userId })));
  if (isRefused) {
    throw new ComputeError('overQuota', 'Quota exceeded, too many server groups.');
  }
}

/**
 * Throws `overQuota` when the project of the server, or the user in it, may not have what the
 * server gets more by this resize. Call it in the transaction that records the move, before that.
 * Source: Nova `check_deltas` of a resize.
 */
export async function refuseLargerServer(
  trx: Db,
  { serverId, context }: Pick<NewMove, 'serverId' | 'context'>,
  configured: ConfiguredQuotas,
): Promise<void> {
  const { before, after } = context.flavors;
  const requested = {
    ...(after.vcpus > before.vcpus && { cores: after.vcpus - before.vcpus }),
    ...(after.memoryMib > before.memoryMib && { ram: after.memoryMib - before.memoryMib }),
  };
  if (Object.keys(requested).length === 0) return;
  const { project_id: projectId, user_id: userId } = await trx
    .selectFrom('instances')
    .select(['project_id', 'user_id'])
    .where('uuid', '=', serverId)
    .executeTakeFirstOrThrow();
  const { project, user, userHasOwn } = await readLimits(trx, { projectId, userId }, configured);
  const refuse = async (limits: typeof project, owner: QuotaOwner) => {
    const used = await quotaUsage(trx, owner);
    const exceeded = exceededQuotas(limits, { used, requested });
    if (exceeded.length === 0) return;
    throw new ComputeError('overQuota', quotaSentence(exceeded, { limits, used, requested }));
  };
  await refuse(project, { projectId });
  if (userHasOwn) await refuse(user, { projectId, userId });
}

/** Throws `overQuota` when the user may not have another key pair. */
export async function refuseTooManyKeys(
  trx: Db,
  { projectId, userId }: { projectId: string; userId: string },
  configured: ConfiguredQuotas,
): Promise<void> {
  const { user } = await readLimits(trx, { projectId, userId }, configured);
  const used = { key_pairs: await keyPairsOf(trx, userId) };
  if (exceededQuotas(user, { used, requested: { key_pairs: 1 } }).length === 0) return;
  throw new ComputeError('overQuota', 'Quota exceeded, too many key pairs.');
}
