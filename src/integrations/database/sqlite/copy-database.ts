/**
 * A copy of a database that others are writing to, and what such a copy says of itself. Works on
 * databases of every version.
 */
import { writeFileSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { errorText } from '#core/errors.ts';
import { asStorageFailure } from './storage-failure.ts';

/** What a copy holds. */
export interface CopiedDatabase {
  /** Names of the migrations that ran, in their order. */
  migrations: string[];
  /** Ids of images whose bytes belong to it. */
  images: string[];
  /** Ids of servers, deleted ones among them. */
  servers: string[];
}

/**
 * More pages than a database can have: the copy is made in one go, under one read lock, and writers
 * do not make it begin again.
 */
const allPages = 0x7fff_ffff;
const busyTimeoutMs = 10_000;

/**
 * Copies the database as it is at one moment, with what is only in its WAL yet, into one file that
 * needs no other beside it. Writers continue. The copy is not flushed to disk. Throws `unavailable`
 * for a database that cannot be read or is damaged.
 */
export async function copyDatabase(from: string, to: string): Promise<CopiedDatabase> {
  try {
    const source = new DatabaseSync(from);
    try {
      // SQLite would let others read it.
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
 * The first things that are wrong with the database; none: every page and index is as it must be.
 * It must not be in use.
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
 * Makes a copy fit to continue from: agents may have seen later commands than it knows, and one
 * that they carry out right now must not be taken for a new one of the same number.
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

/** More commands than a host gets between a backup and its restore. */
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
