/**
 * The database of a state directory, ready for this process: intact, of this version, with room
 * reserved for what must work on a full disk.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '#contracts/clock.ts';
import type { Store } from '#contracts/store/store.ts';
import { dropLog, keepLogShort } from '#integrations/database/sqlite/log/short-log.ts';
import { openStore } from '#integrations/database/store.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { type DiskReserve, keepDiskReserve } from './disk-reserve.ts';
import { refuseEmptiedDatabase } from './emptied-database.ts';
import { refuseHalfRestored } from './half-restored.ts';
import type { StateDirectory } from './state-directory.ts';

export interface OpenState {
  store: Store;
  db: Kysely<ComputeTables>;
  reserve: DiskReserve;
}

/**
 * Throws `unavailable` for a database that is damaged, half restored, or of a newer version. What
 * is to be closed at the end is added to `stops`.
 */
export async function openState(
  state: StateDirectory,
  { clock, log, stops }: { clock: Clock; log: Logger; stops: (() => void | Promise<void>)[] },
): Promise<OpenState> {
  refuseHalfRestored(state);
  refuseEmptiedDatabase(state);
  const reserve = keepDiskReserve(state.path, { log });
  stops.push(() => reserve.stop());
  const onDiskFull = () => reserve.release();
  const { store, db } = await openStore(state.file('novella.sqlite'), { clock, onDiskFull });
  stops.push(() => store.close());
  reserve.onRelease(() => dropLog(db));
  if (reserve.isOnSmallDisk) await keepLogShort(db);
  // Any lease is of the previous process, because only one process uses the state directory.
  await store.tasks.releaseAll();
  await store.commands.forgetQuestions();
  return { store, db, reserve };
}
