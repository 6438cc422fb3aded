/** A server as its guest is compared with it, in one small read. */
import type { Kysely } from 'kysely';
import type { ServerStanding } from '#contracts/store/store.ts';
import type { PowerState, VmState } from '#core/servers/server.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const standingOf = prepared((db: Db, given: { id: string }) =>
  db
    .selectFrom('instances')
    .leftJoin('tasks', 'tasks.instance_uuid', 'instances.uuid')
    .select(['step', 'compute_node_id', 'vm_state', 'power_state', 'instances.deleted_at'])
    .where('instances.uuid', '=', given.id),
);

export async function serverStanding(db: Db, id: string): Promise<ServerStanding | undefined> {
  const [row] = (await standingOf(db, { id })).rows;
  return (
    row && {
      isBusy: row.step !== null,
      hostId: row.compute_node_id,
      vmState: row.vm_state as VmState,
      powerState: row.power_state as PowerState,
      deletedAt: row.deleted_at,
    }
  );
}
