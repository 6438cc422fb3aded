/** Which projects may use which private flavors. */
import type { Kysely } from 'kysely';
import type { FlavorAccess } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';

export function flavorAccessStore(db: Kysely<ComputeTables>): FlavorAccess {
  return {
    projects: async (flavorId) => {
      const rows = await db
        .selectFrom('flavor_projects')
        .select('project_id')
        .where('flavorid', '=', flavorId)
        .orderBy('project_id')
        .execute();
      return rows.map(({ project_id }) => project_id);
    },
    flavors: async (projectId) => {
      const rows = await db
        .selectFrom('flavor_projects')
        .select('flavorid')
        .where('project_id', '=', projectId)
        .execute();
      return new Set(rows.map(({ flavorid }) => flavorid));
    },
    grant: async (flavorId, projectId) => {
      const row = { flavorid: flavorId, project_id: projectId };
      const message = `Flavor access already exists for flavor ${flavorId} and project ${projectId} combination.`;
      await refuseDuplicate(message, () => db.insertInto('flavor_projects').values(row).execute());
    },
    revoke: async (flavorId, projectId) => {
      const { numDeletedRows } = await db
        .deleteFrom('flavor_projects')
        .where('flavorid', '=', flavorId)
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      if (numDeletedRows > 0n) return;
      throw new ComputeError(
        'notFound',
        `Flavor access not found for ${flavorId} / ${projectId} combination.`,
      );
    },
  };
}
