/**
 * One connection of `node:sqlite`: runs statements, caches them prepared, and waits for locks
 * without blocking the process.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledQuery, QueryResult } from 'kysely';
import { ComputeError } from '#core/errors.ts';
import { asStorageFailure, primaryCode } from './storage-failure.ts';

const statementCacheSize = 500;
const busyPollMs = 1;
const sqliteBusy = 5;

interface CachedStatement {
  statement: ReturnType<DatabaseSync['prepare']>;
  returnsRows: boolean;
}

export interface ConnectionOptions {
  path: string;
  busyTimeoutMs: number;
  onDiskFull?: () => void;
}

export class NodeSqliteConnection {
  readonly #database: DatabaseSync;
  readonly #options: ConnectionOptions;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync, options: ConnectionOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * `queuedAt`: when the caller began to wait, by `performance.now()`. Time spent in a queue counts
   * towards the time-out.
   */
  async execute<Row>(query: CompiledQuery, queuedAt: number): Promise<QueryResult<Row>> {
    const { path, busyTimeoutMs, onDiskFull: onFull } = this.#options;
    for (;;) {
      try {
        return this.#run<Row>(query);
      } catch (error) {
        if (primaryCode(error) !== sqliteBusy) {
          throw asStorageFailure(error, { path, ...(onFull !== undefined && { onFull }) });
        }
        if (performance.now() - queuedAt >= busyTimeoutMs) {
          throw new ComputeError(
            'unavailable',
            'the database is busy: another program has locked it for writing',
            { detail: `waited ${busyTimeoutMs} ms`, cause: error },
          );
        }
      }
      await sleep(busyPollMs);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #run<Row>(query: CompiledQuery): QueryResult<Row> {
    const { statement, returnsRows } = this.#prepare(query.sql);
    const parameters = query.parameters as SQLInputValue[];
    if (returnsRows) return { rows: readAll(statement, parameters) as Row[] };
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): CachedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= statementCacheSize) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** Also reads rows with integers beyond a number's exact range, as the nearest number. */
function readAll(statement: CachedStatement['statement'], parameters: SQLInputValue[]): object[] {
  try {
    return statement.all(...parameters);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
    statement.setReadBigInts(true);
    try {
      return statement.all(...parameters).map(withNumbers);
    } finally {
      statement.setReadBigInts(false);
    }
  }
}

function withNumbers(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'bigint' ? Number(value) : value,
    ]),
  );
}
