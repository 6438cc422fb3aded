/** What projects have, and the limits that administrators set for them: one row for each. */
import type { Kysely } from 'kysely';
import type { CountedKind, NetworkRows } from '#contracts/store/network-store.ts';
import { prepared } from '../../rows/prepared.ts';
import type { NetworkTables } from './tables.ts';

type Db = Kysely<NetworkTables>;
type QuotaPart = Pick<NetworkRows, 'usage' | 'setLimit' | 'clearLimits'>;

const usageOf = (kind: CountedKind) =>
  prepared((db: Db, given: { projectId: string }) =>
    db
      .selectFrom(kind)
      .where('projectId', '=', given.projectId)
      .select((eb) => [
        eb.fn.countAll<number>().as('used'),
        eb
          .selectFrom('networkQuotas')
          .select('hardLimit')
          .where('projectId', '=', given.projectId)
          .where('resource', '=', kind)
          .as('hardLimit'),
      ]),
  );

const usages = {
  networks: usageOf('networks'),
  subnets: usageOf('subnets'),
  ports: usageOf('ports'),
  securityGroups: usageOf('securityGroups'),
  securityGroupRules: usageOf('securityGroupRules'),
};

export function quotaRows(db: Db): QuotaPart {
  return {
    async usage(kind, projectId) {
      const [row] = (await usages[kind](db, { projectId })).rows;
      return { used: row?.used ?? 0, limit: row?.hardLimit ?? null };
    },
    async setLimit(projectId, resource, hardLimit) {
      await db
        .insertInto('networkQuotas')
        .values({ projectId, resource, hardLimit })
        .onConflict((conflict) =>
          conflict.columns(['projectId', 'resource']).doUpdateSet({ hardLimit }),
        )
        .execute();
    },
    async clearLimits(projectId) {
      const { numDeletedRows } = await db
        .deleteFrom('networkQuotas')
        .where('projectId', '=', projectId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}
