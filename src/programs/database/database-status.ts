/** `novella db status` and `novella db migrate`: the schema of a database. */
import { join } from 'node:path';
import {
  migrate,
  newestMigration,
  problemOfSchema,
  schemaOf,
} from '#integrations/database/migrate.ts';
import { withoutPassword } from '#integrations/database/postgres/without-password.ts';
import { openDatabase } from '#integrations/database/store.ts';
import { takeStateDirectory } from '../state/state-directory.ts';
import type { NamedDatabase } from './named-database.ts';
import { upgradeDatabase } from './upgrade-database.ts';

/**
 * `unknown`: migrations of a newer version, which has used the database. `problem`: why a start of
 * this version would upgrade or refuse it, or null.
 */
export interface DatabaseStatus {
  engine: 'sqlite' | 'postgresql';
  database: string;
  newest: string | null;
  pending: string[];
  unknown: string[];
  problem: string | null;
}

/** Changes nothing, also while controllers use the database. Throws as `openDatabase` does. */
export async function databaseStatus(named: NamedDatabase): Promise<DatabaseStatus> {
  const db = await openDatabase(placeOf(named));
  try {
    const schema = await schemaOf(db);
    const { ran, pending, unknown } = schema;
    const problem = problemOfSchema(schema) ?? null;
    return { ...shown(named), newest: ran.at(-1) ?? null, pending, unknown, problem };
  } finally {
    await db.destroy();
  }
}

/**
 * Runs the pending migrations, and returns their names. Throws `conflict` for a database that a
 * process uses, unless they are online and it is on PostgreSQL, and as `migrate` does.
 */
export async function migrateDatabase(
  named: NamedDatabase,
): Promise<{ database: string; ran: string[]; newest: string }> {
  const state = named.url === undefined ? takeStateDirectory(named.stateDir) : undefined;
  try {
    const db = await openDatabase(placeOf(named), { isUnlimited: true });
    try {
      const ran = await (named.url === undefined
        ? migrate(db)
        : upgradeDatabase(db, { url: named.url }));
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
