/**
 * Databases that have the newest schema, for tests of what works on it. The migrations, which take
 * 30 ms, run once in each process; the others are copies of the database that they leave.
 */
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import type { Store } from '#contracts/store/store.ts';
import { migrate } from '#integrations/database/migrate.ts';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { computeStore, type StoreOptions } from '#integrations/database/store.ts';

let migrated: Promise<Uint8Array> | undefined;

/** As `openStore`, for a new database in memory or in a file that does not exist yet. */
export async function migratedStore(
  path: string,
  options: Pick<StoreOptions, 'clock' | 'newId'> = {},
): Promise<{ store: Store; db: Kysely<ComputeTables> }> {
  const db = await migratedSqlite<ComputeTables>(path);
  return { store: computeStore(db, options), db };
}

/** As `openSqlite` and `migrate`, for a new database in memory or in a file. */
export async function migratedSqlite<Tables>(path: string): Promise<Kysely<Tables>> {
  if (path !== ':memory:') {
    await writeMigrated(path);
    return openSqlite<Tables>(path);
  }
  const bytes = await migratedBytes();
  return withDatabase(
    () => openSqlite<Tables>(path),
    (database) => database.deserialize(bytes),
  );
}

/** Creates this file, with a database of the newest schema in it. */
export async function writeMigrated(path: string): Promise<void> {
  writeFileSync(path, await migratedBytes(), { flag: 'wx' });
}

function migratedBytes(): Promise<Uint8Array> {
  migrated ??= migrateOnce();
  return migrated;
}

async function migrateOnce(): Promise<Uint8Array> {
  let opened: DatabaseSync | undefined;
  const db = withDatabase(
    () => openSqlite(':memory:'),
    (database) => {
      opened = database;
    },
  );
  await migrate(db);
  const bytes = opened?.serialize();
  await db.destroy();
  if (bytes === undefined) throw new Error('openSqlite opened no database');
  return bytes;
}

/** `first` runs before the first statement of the database that `open` opens. */
function withDatabase<Opened>(open: () => Opened, first: (database: DatabaseSync) => void): Opened {
  // oxlint-disable-next-line typescript/unbound-method -- called with its database below
  const { exec } = DatabaseSync.prototype;
  let isFirst = true;
  DatabaseSync.prototype.exec = function execute(this: DatabaseSync, statements: string): void {
    if (isFirst) first(this);
    isFirst = false;
    exec.call(this, statements);
  };
  try {
    return open();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}
