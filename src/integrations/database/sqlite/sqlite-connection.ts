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

type Statement = ReturnType<DatabaseSync['prepare']>;
type Values = readonly unknown[];

interface CachedStatement {
  statement: Statement;
  returnsRows: boolean;
  isOfSchema: boolean;
  /** Of its rows, from the first one on. */
  shape?: Shape;
}

interface Shape {
  width: number;
  toRow: (values: Values) => object;
}

export interface ConnectionOptions {
  path: string;
  busyTimeoutMs: number;
  onDiskFull?: () => void;
  /** Called after each statement that changed a table; `forget` is due on all connections. */
  onSchemaChange?: () => void;
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
    const { busyTimeoutMs } = this.#options;
    for (;;) {
      const result = this.attempt<Row>(query);
      if (result !== undefined) return result;
      if (performance.now() - queuedAt >= busyTimeoutMs) {
        throw new ComputeError(
          'unavailable',
          'the database is busy: another program has locked it for writing',
          { detail: `waited ${busyTimeoutMs} ms` },
        );
      }
      await sleep(busyPollMs);
    }
  }

  /** Runs it at once; undefined while another connection has a lock. */
  attempt<Row>(query: CompiledQuery): QueryResult<Row> | undefined {
    const { path, onDiskFull: onFull } = this.#options;
    try {
      return this.#run<Row>(query);
    } catch (error) {
      if (primaryCode(error) === sqliteBusy) return undefined;
      throw asStorageFailure(error, { path, ...(onFull !== undefined && { onFull }) });
    }
  }

  /** Drops what is known of statements: their columns may have changed with the tables. */
  forget(): void {
    this.#statements.clear();
  }

  close(): void {
    this.forget();
    this.#database.close();
  }

  #run<Row>(query: CompiledQuery): QueryResult<Row> {
    const prepared = this.#prepare(query.sql);
    const parameters = query.parameters as SQLInputValue[];
    if (prepared.returnsRows) return { rows: this.#read(prepared, parameters) as Row[] };
    const { changes, lastInsertRowid } = prepared.statement.run(...parameters);
    if (prepared.isOfSchema) this.#options.onSchemaChange?.();
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #read(prepared: CachedStatement, parameters: SQLInputValue[]): object[] {
    const rows = readAll(prepared.statement, parameters);
    const width = rows[0]?.length;
    if (width === undefined) return [];
    // Names are those of the tables as they are once the statement ran; another process may have
    // added a column since it ran before.
    if (prepared.shape?.width !== width) prepared.shape = shapeOf(prepared.statement);
    return rows.map(prepared.shape.toRow);
  }

  #prepare(sql: string): CachedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= statementCacheSize) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    // An object made by SQLite's binding is a slow dictionary: half the time of a long list.
    statement.setReturnArrays(true);
    const returnsRows = statement.columns().length > 0;
    const prepared = { statement, returnsRows, isOfSchema: isOfSchema(sql) };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

function isOfSchema(sql: string): boolean {
  return /^\s*(?:create|alter|drop)\s/i.test(sql);
}

/** Makes a row as an object literal whose keys are the columns. */
function shapeOf(statement: Statement): Shape {
  const keys = statement.columns().map(({ name }, at) => `${JSON.stringify(name)}: values[${at}]`);
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is quoted names of columns only
  const toRow = new Function('values', `return { ${keys.join(', ')} };`) as Shape['toRow'];
  return { width: keys.length, toRow };
}

/** Also reads rows with integers beyond a number's exact range, as the nearest number. */
function readAll(statement: Statement, parameters: SQLInputValue[]): Values[] {
  try {
    return listsOf(statement, parameters);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
    statement.setReadBigInts(true);
    try {
      return listsOf(statement, parameters).map(withNumbers);
    } finally {
      statement.setReadBigInts(false);
    }
  }
}

/** The rows of a statement that returns arrays. */
function listsOf(statement: Statement, parameters: SQLInputValue[]): Values[] {
  return statement.all(...parameters) as unknown as Values[];
}

function withNumbers(values: Values): Values {
  return values.map((value) => (typeof value === 'bigint' ? Number(value) : value));
}
