/** Writes rows of `migrations` in the transactions of tasks. */
import type { Kysely } from 'kysely';
import type { MoveChange, NewMove } from '#contracts/store/store.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { moveColumns, moveRow } from './move-row.ts';

type Db = Kysely<ComputeTables>;

export async function insertMove(trx: Db, move: NewMove): Promise<void> {
  await trx.insertInto('migrations').values(moveRow(move)).execute();
}

/** `now`: epoch milliseconds. */
export async function writeMove(trx: Db, change: MoveChange, now: number): Promise<void> {
  await trx
    .updateTable('migrations')
    .set({ ...moveColumns(change), updated_at: now })
    .where('uuid', '=', change.id)
    .execute();
}
