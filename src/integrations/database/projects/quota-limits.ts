/** The limits that administrators set, as rows: one for each owner and resource. */
import type { Kysely } from 'kysely';
import type { QuotaOwner } from '#contracts/store/projects/quota-store.ts';
import type { Amounts } from '#core/quotas/check.ts';
import {
  type ComputeLimits,
  type ComputeQuota,
  computeQuotas,
  limitsInForce,
  type SetLimits,
  type StoredLimits,
} from '#core/quotas/compute-quotas.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

/** The class whose limits count for every project. */
export const standardClass = 'default';

/** Of the user '' are the project's own, of the project '' those for all projects. */
const rowsOf = prepared((db: Db, given: { projectId: string; userId: string }) =>
  db
    .selectFrom('quotas')
    .select(['project_id', 'user_id', 'resource', 'hard_limit'])
    .where('project_id', '=', given.projectId)
    .where('user_id', 'in', ['', given.userId])
    .unionAll(
      db
        .selectFrom('quota_classes')
        .select((eb) => [
          eb.val('').as('project_id'),
          eb.val('').as('user_id'),
          'resource',
          'hard_limit',
        ])
        .where('class_name', '=', standardClass),
    ),
);

export async function storedLimits(
  db: Db,
  { projectId, userId = '' }: QuotaOwner,
): Promise<StoredLimits> {
  const stored: Record<keyof StoredLimits, Record<string, number>> = {
    standard: {},
    project: {},
    user: {},
  };
  const { rows } = await rowsOf(db, { projectId, userId });
  for (const { project_id: project, user_id: user, resource, hard_limit: limit } of rows) {
    const level = project === '' ? 'standard' : user === '' ? 'project' : 'user';
    stored[level][resource] = limit;
  }
  return stored;
}

/**
 * The limits in force. Read them in the transaction that counts: what an administrator sets in
 * between must count. `userHasOwn`: some were set for the user.
 */
export async function readLimits(
  db: Db,
  owner: QuotaOwner,
  configured: ConfiguredQuotas,
): Promise<{ project: ComputeLimits; user: ComputeLimits; userHasOwn: boolean }> {
  const stored = await storedLimits(db, owner);
  return {
    ...limitsInForce(configured, stored),
    userHasOwn: Object.keys(stored.user).length > 0,
  };
}

/** The sum of the limits that users of a project have of their own, without those of -1. */
export async function limitsOfUsers(db: Db, projectId: string): Promise<Amounts<ComputeQuota>> {
  const rows = await db
    .selectFrom('quotas')
    .select((eb) => ['resource', eb.fn.sum<number>('hard_limit').as('sum')])
    .where('project_id', '=', projectId)
    .where('user_id', '!=', '')
    .where('hard_limit', '>', 0)
    .groupBy('resource')
    .execute();
  return Object.fromEntries(rows.map(({ resource, sum }) => [resource, sum]));
}

export async function writeLimits(
  db: Db,
  { projectId, userId = '' }: QuotaOwner,
  limits: SetLimits,
): Promise<void> {
  for (const [resource, limit] of entriesOf(limits)) {
    await db
      .insertInto('quotas')
      .values({ project_id: projectId, user_id: userId, resource, hard_limit: limit })
      .onConflict((conflict) =>
        conflict.columns(['project_id', 'user_id', 'resource']).doUpdateSet({ hard_limit: limit }),
      )
      .execute();
  }
}

export async function readClass(db: Db, name: string): Promise<SetLimits> {
  const rows = await db
    .selectFrom('quota_classes')
    .select(['resource', 'hard_limit'])
    .where('class_name', '=', name)
    .execute();
  return Object.fromEntries(rows.map(({ resource, hard_limit: limit }) => [resource, limit]));
}

export async function writeClass(db: Db, name: string, limits: SetLimits): Promise<void> {
  for (const [resource, limit] of entriesOf(limits)) {
    await db
      .insertInto('quota_classes')
      .values({ class_name: name, resource, hard_limit: limit })
      .onConflict((conflict) =>
        conflict.columns(['class_name', 'resource']).doUpdateSet({ hard_limit: limit }),
      )
      .execute();
  }
}

function entriesOf(limits: SetLimits): [ComputeQuota, number][] {
  return computeQuotas.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [[name, limit]];
  });
}
