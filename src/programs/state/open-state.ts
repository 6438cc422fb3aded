/**
 * The database of a cloud, in its state directory or on a server, ready for this process: intact,
 * of this version, with room reserved for what must work on a full disk.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '#contracts/clock.ts';
import type { Store } from '#contracts/store/store.ts';
import { dropLog, keepLogShort } from '#integrations/database/sqlite/log/short-log.ts';
import { openStore } from '#integrations/database/store.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import type { Config } from '../config/config.ts';
import { notePlace, refuseOtherPlace } from './database-place.ts';
import { type DiskReserve, keepDiskReserve } from './disk-reserve.ts';
import { refuseEmptiedDatabase } from './emptied-database.ts';
import { refuseHalfRestored } from './half-restored.ts';
import type { StateDirectory } from './state-directory.ts';

export interface OpenState {
  store: Store;
  db: Kysely<ComputeTables>;
  reserve: DiskReserve;
}

interface OpenStateOptions {
  clock: Clock;
  log: Logger;
  /** What is to be closed at the end is added. */
  stops: (() => void | Promise<void>)[];
}

/**
 * Throws `unavailable` for a database that is damaged, half restored, of a newer version or out of
 * reach, and `conflict` for one of another cloud or process.
 */
export async function openState(
  state: StateDirectory,
  { database, allowAsynchronousStandbys }: Pick<Config, 'database' | 'allowAsynchronousStandbys'>,
  { clock, log, stops }: OpenStateOptions,
): Promise<OpenState> {
  refuseHalfRestored(state);
  refuseOtherPlace(state, database);
  if (database === undefined) refuseEmptiedDatabase(state);
  const reserve = keepDiskReserve(state.path, { log });
  stops.push(() => reserve.stop());
  const onDiskFull = () => reserve.release();
  if (database !== undefined) await takeDatabase(database, { log, stops });
  const place = database ?? state.file('novella.sqlite');
  const { store, db } = await openStore(place, {
    clock,
    onDiskFull,
    allowAsynchronousStandbys,
  });
  stops.push(() => store.close());
  if (database === undefined) {
    reserve.onRelease(() => dropLog(db));
    if (reserve.isOnSmallDisk) await keepLogShort(db);
  } else {
    notePlace(state, database);
  }
  // Any lease is of the previous process, because only one process uses the database.
  await store.tasks.releaseAll();
  await store.commands.forgetQuestions();
  return { store, db, reserve };
}

/** Loaded when needed: a process on SQLite has no use for the driver. */
async function takeDatabase(
  url: string,
  { log, stops }: Pick<OpenStateOptions, 'log' | 'stops'>,
): Promise<void> {
  const { useDatabase } = await import('#integrations/database/postgres/database-lock.ts');
  const user = await useDatabase(url, 'sole', {
    onProblem: (problem) => log.error(problem),
    onLost: (problem) => {
      log.fatal(problem);
      // Nothing is finished first: the other controller runs the same steps by now.
      process.exit(1);
    },
  });
  stops.push(() => user.release());
}
