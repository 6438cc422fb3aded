/** SQLite through Node's own `node:sqlite`, as a Kysely dialect. Knows the engine; knows no table. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setImmediate as afterEvents, setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { ComputeError } from '#core/errors.ts';
import { asStorageFailure } from './storage-failure.ts';

/**
 * Opens (and makes) the database in this file; `:memory:` for none. Commits are durable: WAL with `synchronous=FULL`.
 * Another connection or process may have it open too: writers wait up to `busyTimeoutMs` for each other, then throw `unavailable`.
 * Throws `unavailable`, naming the file, when it cannot be opened.
 */
export function openSqlite<Tables>(path: string, busyTimeoutMs = 10_000): Kysely<Tables> {
  const database = openFile(path, busyTimeoutMs);
  return new Kysely<Tables>({ dialect: new NodeSqliteDialect(database, busyTimeoutMs) });
}

function openFile(path: string, busyTimeoutMs: number): DatabaseSync {
  try {
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    // What is erased is overwritten: secrets do not stay in free pages.
    database.exec('PRAGMA secure_delete = ON');
    // From here on waiting is ours: SQLite's own would stop this process, and with it a writer on another connection of it.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('unavailable', `database ${path}: cannot be opened: ${problem}`, {
      cause,
    });
  }
}

class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#database, this.#busyTimeoutMs);
  }
  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }
  createAdapter() {
    return new TransactionalDdlAdapter();
  }
  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own signature
  createIntrospector(db: Kysely<any>) {
    return new SqliteIntrospector(db);
  }
}

/** Migrations run inside one transaction: SQLite's DDL rolls back like all else, and a second process waits its turn. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One connection, handed to one user at a time. */
class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: NodeSqliteConnection;
  #tail: Promise<void> = Promise.resolve();
  #free: () => void = () => {};

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#connection = new NodeSqliteConnection(database, busyTimeoutMs);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#tail;
    let free: () => void = () => {};
    this.#tail = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    this.#free = free;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#free();
  }

  // IMMEDIATE: a transaction that reads first and writes later would else fail halfway when another process wrote in between.
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
    // SQLite answers at once, so a queue of transactions would never let sockets and timers have a turn.
    await afterEvents();
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk makes SQLite roll back on its own; an error of ours would hide that one.
    if (!this.#database.isTransaction) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    this.#connection.forgetStatements();
    this.#database.close();
  }
}

const statementCacheSize = 500;
const busyPollMs = 1;

interface CachedStatement {
  statement: ReturnType<DatabaseSync['prepare']>;
  returnsRows: boolean;
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const startedAt = performance.now();
    for (;;) {
      try {
        return this.#execute<Row>(query);
      } catch (error) {
        if (!isBusy(error)) throw asStorageFailure(error);
        if (performance.now() - startedAt >= this.#busyTimeoutMs) {
          throw new ComputeError('unavailable', 'the database is busy', {
            detail: `another connection held the write lock for ${this.#busyTimeoutMs} ms`,
            cause: error,
          });
        }
      }
      await sleep(busyPollMs);
    }
  }

  // oxlint-disable-next-line require-yield -- the interface asks for it; results here are small
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  forgetStatements(): void {
    this.#statements.clear();
  }

  #execute<Row>(query: CompiledQuery): QueryResult<Row> {
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

/** Rows with integers beyond what a number holds exactly are read too: their value is then the nearest number. */
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

const sqliteBusy = 5;

/** SQLITE_BUSY and its extended codes. Source: sqlite.org/rescode.html. */
function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && (code & 0xff) === sqliteBusy;
}
