/** `novella db status` and `novella db migrate`: the schema of a database. */
import { join } from 'node:path';
import {
  migrate,
  newestMigration,
  schemaOf,
  unknownMigrations,
} from '#integrations/database/migrate.ts';
import { withoutPassword } from '#integrations/database/postgres/without-password.ts';
import { openDatabase } from '#integrations/database/store.ts';
import { takeStateDirectory } from '../state/state-directory.ts';
import type { NamedDatabase } from './named-database.ts';
import { upgradeAlone } from './upgrade-alone.ts';

/** `unknown`: migrations of a newer version, which has used the database. */
export interface DatabaseStatus {
  engine: 'sqlite' | 'postgresql';
  database: string;
  newest: string | null;
  pending: string[];
  unknown: string[];
}

/** Changes nothing, also while controllers use the database. Throws as `openDatabase` does. */
export async function databaseStatus(named: NamedDatabase): Promise<DatabaseStatus> {
  const db = await openDatabase(placeOf(named));
  try {
    const { ran, pending } = await schemaOf(db);
    return {
      ...shown(named),
      newest: ran.at(-1) ?? null,
      pending,
      unknown: unknownMigrations(ran),
    };
  } finally {
    await db.destroy();
  }
}

/**
 * Runs the pending migrations, and returns their names. Throws `conflict` for a database that needs
 * them while a process uses it, and as `migrate` does.
 */
export async function migrateDatabase(
  named: NamedDatabase,
): Promise<{ database: string; ran: string[]; newest: string }> {
  const state = named.url === undefined ? takeStateDirectory(named.stateDir) : undefined;
  try {
    const db = await openDatabase(placeOf(named));
    try {
      const ran = await (named.url === undefined ? migrate(db) : upgradeAlone(db, named.url));
      return { database: shown(named).database, ran, newest: newestMigration() };
    } finally {
      await db.destroy();
    }
  } finally {
    state?.release();
  }
}

function placeOf({ stateDir, url }: NamedDatabase): string {
  return url ?? join(stateDir, 'novella.sqlite');
}

function shown(named: NamedDatabase): Pick<DatabaseStatus, 'engine' | 'database'> {
  if (named.url === undefined) return { engine: 'sqlite', database: placeOf(named) };
  return { engine: 'postgresql', database: withoutPassword(named.url) };
}
