/** Servers that ran in a period, in the order of an index. */
import type { Kysely } from 'kysely';
import type { UsageStore, UsedServer } from '#contracts/store/projects/usage-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { VmState } from '#core/servers/server.ts';
import { eachTextOnce } from '../rows/each-text-once.ts';
import { readRows } from '../rows/readable-rows.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

export function usageStore(db: Db): UsageStore {
  return {
    servers: async ({ from, until }, { projectId, after, limit }) => {
      let query = db
        .selectFrom('instances')
        .select(['uuid', 'display_name', 'project_id', 'vm_state', 'flavor'])
        .select(['launched_at', 'terminated_at'])
        .where('launched_at', 'is not', null)
        .where('launched_at', '<', until)
        .where((eb) => eb.or([eb('terminated_at', 'is', null), eb('terminated_at', '>=', from)]));
      if (projectId !== undefined) query = query.where('project_id', '=', projectId);
      if (after !== undefined) {
        const { project_id: project, uuid } = await marked(db, after);
        query = query.where((eb) =>
          eb(eb.refTuple('project_id', 'uuid'), '>', eb.tuple(project, uuid)),
        );
      }
      const rows = await query.orderBy('project_id').orderBy('uuid').limit(limit).execute();
      const read = eachTextOnce();
      return readRows(
        'instances',
        rows,
        (row): UsedServer => ({
          id: row.uuid,
          name: row.display_name,
          projectId: row.project_id,
          vmState: row.vm_state as VmState,
          flavor: read(row.flavor) as Flavor,
          launchedAt: row.launched_at ?? 0,
          terminatedAt: row.terminated_at,
        }),
      );
    },
  };
}

async function marked(db: Db, uuid: string): Promise<{ project_id: string; uuid: string }> {
  const row = await db
    .selectFrom('instances')
    .select(['project_id', 'uuid'])
    .where('uuid', '=', uuid)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new ComputeError('invalid', `marker [${uuid}] not found`);
}
