/** The database of several controllers, ready for one of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { problemOfSchema, schemaOf } from '#integrations/database/migrate.ts';
import { useDatabase } from '#integrations/database/postgres/database-lock.ts';
import { openDatabase, openStore, type StoreOptions } from '#integrations/database/store.ts';
import { upgradeDatabase } from '../database/upgrade-database.ts';
import type { Stops } from '../up/stop-all.ts';

type Opened = Awaited<ReturnType<typeof openStore>>;

interface Surroundings {
  log: Logger;
  /** What is to be closed at the end is added. */
  stops: Stops;
  /** Another process has changed the database: this one must end at once. */
  onLost: (problem: string) => void;
}

/**
 * Upgrades the schema, shares the lock of the database with other controllers, and opens the store.
 * Throws as `upgradeDatabase`, `useDatabase` and `openStore` do.
 */
// oxlint-disable-next-line max-params -- which, how, and what surrounds it
export async function openSharedDatabase(
  url: string,
  options: StoreOptions,
  { log, stops, onLost }: Surroundings,
): Promise<Opened> {
  await upgrade(url, log);
  let db: Opened['db'] | undefined;
  const released = new AbortController();
  const lock = await useDatabase(url, 'shared', {
    onLost,
    onProblem: (problem) => log.error(problem),
    onTakenAgain: () => void endWithOtherSchema(db, onLost, released.signal),
  });
  stops.push(() => {
    released.abort();
    return lock.release();
  });
  const opened = await openStore(url, options);
  ({ db } = opened);
  return opened;
}

async function upgrade(url: string, log: Logger): Promise<void> {
  const db = await openDatabase(url, { isUnlimited: true });
  try {
    const { pending } = await schemaOf(db);
    if (pending.length > 0) log.info({ pending }, 'the schema of the database is upgraded');
    await upgradeDatabase(db, { url });
  } finally {
    await db.destroy();
  }
}

const retryMs = 1_000;

/**
 * While it did not hold the database, another version may have changed the schema. Repeated until
 * it is read: connections from before may have ended too.
 */
// oxlint-disable-next-line max-params -- of which, what to do, and until when
async function endWithOtherSchema(
  db: Opened['db'] | undefined,
  onLost: (problem: string) => void,
  released: AbortSignal,
): Promise<void> {
  if (db === undefined) return;
  while (!released.aborted) {
    try {
      const problem = problemOfSchema(await schemaOf(db));
      if (problem !== undefined) onLost(problem);
      return;
    } catch {
      await sleep(retryMs, undefined, { ref: false });
    }
  }
}
