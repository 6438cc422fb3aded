/** Moves of servers: rows of `migrations`. */
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { MoveSelection, MoveStore } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { endedMoves } from '#core/servers/move.ts';
import type { RecordedChanges } from '../hosts/host-changes.ts';
import { applyHostChange } from '../hosts/hosts.ts';
import { readRows } from '../rows/readable-rows.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { toMove } from './move-row.ts';
import { writeMove } from './write-move.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function moveStore(
  db: Db,
  { clock, recorded }: { clock: Clock; recorded: RecordedChanges },
): MoveStore {
  return {
    get: async (id) => {
      const row = await rows(db).where('uuid', '=', id).executeTakeFirst();
      return row && toMove(row);
    },
    openOf: async (serverId) => {
      const row = await rows(db)
        .where('instance_uuid', '=', serverId)
        .where('status', 'not in', endedMoves)
        .orderBy('id', 'desc')
        .executeTakeFirst();
      return row && toMove(row);
    },
    select: (selection) => selectMoves(db, selection),
    left: async () => {
      const found = await rows(db).where('left_on', 'is not', null).orderBy('id').execute();
      return readRows('migrations', found, toMove);
    },
    settle: async (change, host) => {
      const isFresh = await inTransaction(db, async (trx) => {
        if (!(await isLeft(trx, change.id, host.hostId))) return undefined;
        if (!(await applyHostChange(trx, host, clock.now()))) return false;
        await writeMove(trx, change, clock.now());
        return true;
      });
      if (isFresh === true) recorded.add(host);
      return isFresh === false ? 'stale-host' : 'ok';
    },
  };
}

/** Another process may have settled it. */
async function isLeft(trx: Db, id: string, hostId: string): Promise<boolean> {
  const move = rows(trx).where('uuid', '=', id).where('left_on', '=', hostId);
  return (await move.executeTakeFirst()) !== undefined;
}

function rows(db: Db) {
  return db.selectFrom('migrations').selectAll();
}

async function selectMoves(db: Db, selection: MoveSelection) {
  const { serverId, projectId, userId, types, statuses, host, sourceHost } = selection;
  const { changedSince, changedBefore, after, limit } = selection;
  let query = rows(db).orderBy('id', 'desc').limit(limit);
  if (serverId !== undefined) query = query.where('instance_uuid', '=', serverId);
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  if (userId !== undefined) query = query.where('user_id', '=', userId);
  if (types !== undefined) query = query.where('migration_type', 'in', types);
  if (statuses !== undefined) query = query.where('status', 'in', statuses);
  if (sourceHost !== undefined) query = query.where('source_compute', '=', sourceHost);
  if (changedSince !== undefined) query = query.where('updated_at', '>=', changedSince);
  if (changedBefore !== undefined) query = query.where('updated_at', '<=', changedBefore);
  if (host !== undefined) {
    query = query.where((eb) =>
      eb.or([eb('source_compute', '=', host), eb('dest_compute', '=', host)]),
    );
  }
  if (after !== undefined) query = query.where('id', '<', await numberOf(db, after));
  return readRows('migrations', await query.execute(), toMove);
}

async function numberOf(db: Db, id: string): Promise<number> {
  const row = await rows(db).where('uuid', '=', id).executeTakeFirst();
  if (row !== undefined) return row.id;
  throw new ComputeError('invalid', `Marker ${id} could not be found.`);
}
