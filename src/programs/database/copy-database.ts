/** `novella db copy`: moves a cloud from the file in its state directory to PostgreSQL. */
import { renameSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import { type CopiedRows, copyRows } from '#integrations/database/copy/copy-rows.ts';
import { migrate } from '#integrations/database/migrate.ts';
import { withoutPassword } from '#integrations/database/postgres/without-password.ts';
import { openDatabase } from '#integrations/database/store.ts';
import { syncFolderSync } from '#runtime/atomic-file.ts';
import { notePlace } from '../state/database-place.ts';
import { takeStateDirectory } from '../state/state-directory.ts';
import type { NamedDatabase } from './named-database.ts';

export interface CopiedDatabase {
  to: string;
  /** The file that was copied, under its new name. */
  kept: string;
  tables: CopiedRows;
}

/**
 * The state directory is locked meanwhile. After it, the directory belongs to the database on the
 * server, and the file is kept as `novella.sqlite.copied`. Throws `conflict` while a process uses
 * the directory, or where the other database has rows; nothing is copied then.
 */
export async function copyToPostgres(
  { stateDir, url }: NamedDatabase,
  to: string,
): Promise<CopiedDatabase> {
  if (url !== undefined) {
    throw new ComputeError(
      'conflict',
      `state directory ${stateDir}: its database is on ${withoutPassword(url)} already; to copy that one, use pg_dump and pg_restore`,
    );
  }
  const state = takeStateDirectory(stateDir);
  try {
    const file = state.file('novella.sqlite');
    const tables = await copied(file, to);
    // From here on a start without the URL is refused: both must not run as one cloud.
    notePlace(state, to);
    const kept = `${file}.copied`;
    renameSync(file, kept);
    syncFolderSync(stateDir);
    return { to: withoutPassword(to), kept, tables };
  } finally {
    state.release();
  }
}

async function copied(file: string, url: string): Promise<CopiedRows> {
  const from = await openDatabase(file);
  try {
    const to = await openDatabase(url, { isUnlimited: true });
    try {
      await migrate(from);
      await migrate(to);
      return await copyRows(from, to);
    } finally {
      await to.destroy();
    }
  } finally {
    await from.destroy();
  }
}
