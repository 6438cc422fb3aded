/**
 * Copies a database that is in use, and reads facts from a copy. Works with databases of every
 * version.
 */
import { writeFileSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { errorText } from '#core/errors.ts';
import { asStorageFailure } from './storage-failure.ts';

/** What a copy holds. */
export interface CopiedDatabase {
  /** Names of the migrations that ran, in order. */
  migrations: string[];
  /** Ids of images whose bytes belong to the copy. */
  images: string[];
  /** Ids of servers, including deleted ones. */
  servers: string[];
}

/**
 * More pages than a database can have: the copy is made in one step, under one read lock, and
 * writers do not restart it.
 */
const allPages = 0x7fff_ffff;
const busyTimeoutMs = 10_000;

/**
 * Copies the database as of one moment, including its WAL, into one self-contained file. Writers
 * continue. The copy is not flushed to disk. Throws `unavailable` for an unreadable or damaged
 * database.
 */
export async function copyDatabase(from: string, to: string): Promise<CopiedDatabase> {
  try {
    const source = new DatabaseSync(from);
    try {
      // SQLite would make it readable for others.
      writeFileSync(to, '', { mode: 0o600 });
      source.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
      await backup(source, to, { rate: allPages });
    } finally {
      source.close();
    }
    const copy = new DatabaseSync(to);
    try {
      copy.exec('PRAGMA journal_mode = DELETE');
      return contentsOf(copy);
    } finally {
      copy.close();
    }
  } catch (error) {
    throw asStorageFailure(error);
  }
}

/**
 * The first faults found in the database; empty: every page and index is intact. The database must
 * not be in use.
 */
export function damageOf(path: string): string[] {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const rows = database.prepare('PRAGMA integrity_check(5)').all() as Record<string, string>[];
      return rows.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok');
    } finally {
      database.close();
    }
  } catch (error) {
    return [errorText(error)];
  }
}

/**
 * Makes a copy safe to continue from: agents may have received later commands than the copy has,
 * and must not mistake a new command for a running one of the same number.
 */
export function leaveCommandNumbers(path: string): void {
  const database = new DatabaseSync(path);
  try {
    if (!hasTable(database, 'compute_nodes')) return;
    database.exec(
      `UPDATE compute_nodes SET last_command_seq = last_command_seq + ${commandsSinceCopy}`,
    );
  } finally {
    database.close();
  }
}

/** More commands than a host receives between a backup and its restore. */
const commandsSinceCopy = 1_000_000;

function contentsOf(database: DatabaseSync): CopiedDatabase {
  const column = (table: string, sql: string): string[] => {
    if (!hasTable(database, table)) return [];
    return database
      .prepare(sql)
      .all()
      .flatMap((row) => Object.values(row).map(String));
  };
  return {
    migrations: column('kysely_migration', 'SELECT name FROM kysely_migration ORDER BY name'),
    images: column('images', `SELECT id FROM images WHERE status = 'active'`),
    servers: column('instances', 'SELECT uuid FROM instances'),
  };
}

function hasTable(database: DatabaseSync, name: string): boolean {
  const named = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`);
  return named.get(name) !== undefined;
}
