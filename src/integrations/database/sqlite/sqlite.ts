/**
 * SQLite through Node's own `node:sqlite`, as a Kysely dialect. Knows the engine; knows no table.
 */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as afterEvents } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type LimitNode,
  type QueryResult,
  type RawNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { setDeferred } from '../engine/deferred.ts';
import { formFor } from '../engine/per-engine.ts';
import { Checkpoints } from './log/checkpoints.ts';
import { LogSync, type SyncFile } from './log/log-sync.ts';
import { openFile, openReader } from './open-file.ts';
import { NodeSqliteConnection } from './sqlite-connection.ts';

export interface SqliteOptions {
  /** How long a write waits for another connection or process. */
  busyTimeoutMs?: number;
  /** Called each time a write finds no room. */
  onDiskFull?: () => void;
  /** Syncs the log; in tests a held or failing one. */
  syncFile?: SyncFile;
}

/**
 * Opens (and makes) the database in this file; `:memory:` for none. A commit is reported when it
 * is on disk; commits that wait at the same time share one sync of the log. Another connection or
 * process may have it open too: writers wait up to `busyTimeoutMs` for each other, then throw
 * `unavailable`; reads outside of a transaction never wait, and see what is committed. Throws
 * `unavailable`, naming the file, when it cannot be opened.
 */
export function openSqlite<Tables>(
  path: string,
  { busyTimeoutMs = 10_000, onDiskFull, syncFile }: SqliteOptions = {},
): Kysely<Tables> {
  const database = openFile(path, busyTimeoutMs);
  const reader = openReader(path);
  const options = {
    path,
    busyTimeoutMs,
    ...(onDiskFull !== undefined && { onDiskFull }),
    onSchemaChange: () => {
      for (const each of [connections.writer, connections.reader]) each?.forget();
    },
  };
  const connections: Connections = {
    writer: new NodeSqliteConnection(database, options),
    reader: reader && new NodeSqliteConnection(reader, options),
    log: reader && new LogSync(path, syncFile),
    checkpoints: reader && new Checkpoints(path),
    turns: new SerialQueue(),
    isInTransaction: () => database.isTransaction,
  };
  const open = (waits: boolean): Kysely<Tables> =>
    new Kysely({
      dialect: new NodeSqliteDialect(new NodeSqliteDriver(database, connections, waits)),
    });
  const db = open(true);
  setDeferred(db, {
    db: open(false),
    onDisk: () => connections.log?.synced() ?? ready,
    onDiskSoon: () => connections.log?.syncedSoon() ?? ready,
    dropLog: () => connections.checkpoints?.dropLog() ?? ready,
  });
  return db;
}

const ready = Promise.resolve();

class NodeSqliteDialect implements Dialect {
  readonly #driver: NodeSqliteDriver;

  constructor(driver: NodeSqliteDriver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
  }
  createQueryCompiler() {
    return new NodeSqliteQueryCompiler();
  }
  createAdapter() {
    return new TransactionalDdlAdapter();
  }
  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own signature
  createIntrospector(db: Kysely<any>) {
    return new SqliteIntrospector(db);
  }
}

/**
 * Writes `limit (? + 0)`: SQLite plans a statement again, which takes longer than most statements,
 * each time it is run with another value for `limit ?`. Source: `sqlite3ExprIsInteger` and
 * `sqlite3VdbeSetVarmask` in SQLite's expr.c and vdbeaux.c.
 */
class NodeSqliteQueryCompiler extends SqliteQueryCompiler {
  protected override visitLimit({ limit }: LimitNode): void {
    this.append('limit (');
    this.visitNode(limit);
    this.append(' + 0)');
  }

  protected override visitRaw(node: RawNode): void {
    const form = formFor('sqlite', node);
    if (form === undefined) super.visitRaw(node);
    else this.visitNode(form);
  }
}

/**
 * Migrations run inside one transaction: SQLite's DDL rolls back like all else, and a second
 * process waits its turn. The driver determines which connection reads at that time.
 */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

interface Connections {
  writer: NodeSqliteConnection;
  /** Undefined: reads wait their turn at the writer. */
  reader: NodeSqliteConnection | undefined;
  /** Undefined for a database in memory. */
  log: LogSync | undefined;
  checkpoints: Checkpoints | undefined;
  /** Of the writer. */
  turns: SerialQueue;
  isInTransaction: () => boolean;
}

const begin = CompiledQuery.raw('begin immediate');
const commit = CompiledQuery.raw('commit');
const rollback = CompiledQuery.raw('rollback');

/** Transactions run one after the other for no longer than this before events have a turn. */
const longestHoldMs = 2;

/**
 * One connection that writes, for one user at a time, and one for reads outside of transactions.
 */
class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connections: Connections;
  /** Commits are reported when they are on disk. */
  readonly #waits: boolean;
  /** When sockets and timers last had a turn, by `performance.now()`. */
  #eventsAt = 0;

  constructor(database: DatabaseSync, connections: Connections, waits: boolean) {
    this.#database = database;
    this.#connections = connections;
    this.#waits = waits;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Session(this.#connections, this.#waits);
  }

  async releaseConnection(connection: Session): Promise<void> {
    connection.end();
  }

  // IMMEDIATE: a transaction that reads first and writes later would else fail halfway when another
  // process wrote in between.
  async beginTransaction(connection: Session): Promise<void> {
    await connection.begin(begin);
  }
  async commitTransaction(connection: Session): Promise<void> {
    await connection.commit();
    await this.#yieldToEvents();
    // The next transaction runs while this one is synced, and shares the sync after it.
    connection.end();
    if (this.#waits) await this.#connections.log?.synced();
  }
  async rollbackTransaction(connection: Session): Promise<void> {
    // Committed, but not synced: the transaction that is open now is another's.
    if (!connection.isInTurn) return;
    // A full disk makes SQLite roll back on its own; an error of ours would hide that one.
    if (!this.#database.isTransaction) return;
    await connection.executeQuery(rollback);
  }

  /**
   * SQLite answers at once, so a queue of transactions would never give sockets and timers a turn.
   */
  async #yieldToEvents(): Promise<void> {
    if (performance.now() - this.#eventsAt < longestHoldMs) return;
    await afterEvents();
    this.#eventsAt = performance.now();
  }

  async destroy(): Promise<void> {
    await this.#connections.log?.close();
    await this.#connections.checkpoints?.close();
    this.#connections.reader?.close();
    this.#connections.writer.close();
  }
}

/**
 * What one user of the database has: the writer from `begin` to `end`, or for one statement; else
 * the reader.
 */
class Session implements DatabaseConnection {
  readonly #connections: Connections;
  readonly #waits: boolean;
  #endTurn: (() => void) | undefined;
  /** Rows written in this transaction. */
  #written = 0;

  constructor(connections: Connections, waits: boolean) {
    this.#connections = connections;
    this.#waits = waits;
  }

  /** Whether this session has the writer. */
  get isInTurn(): boolean {
    return this.#endTurn !== undefined;
  }

  async begin(query: CompiledQuery): Promise<void> {
    const queuedAt = performance.now();
    this.#endTurn = await this.#connections.turns.take();
    await this.#connections.writer.execute(query, queuedAt);
  }

  async commit(): Promise<void> {
    const { writer, log } = this.#connections;
    if (this.#written > 0) log?.assertUsable();
    await writer.execute(commit, performance.now());
    this.#noteWrite(this.#written);
  }

  #noteWrite(rows: number): void {
    if (rows === 0) return;
    const { log, checkpoints } = this.#connections;
    log?.written();
    checkpoints?.written(rows);
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { writer, reader, log } = this.#connections;
    const queuedAt = performance.now();
    if (this.#endTurn !== undefined) {
      const result = await writer.execute<Row>(query, queuedAt);
      this.#written += rowsWritten(query, result);
      return result;
    }
    if (reader !== undefined && isRead(query)) {
      // One attempt: at a second one, another's transaction may be open on the writer.
      const isFree = !this.#connections.isInTransaction();
      return (isFree ? writer.attempt<Row>(query) : undefined) ?? reader.execute(query, queuedAt);
    }
    const endTurn = await this.#connections.turns.take();
    let result: QueryResult<Row>;
    try {
      if (!isRead(query)) log?.assertUsable();
      result = await writer.execute(query, queuedAt);
    } finally {
      endTurn();
    }
    this.#noteWrite(rowsWritten(query, result));
    if (this.#waits) await log?.synced();
    return result;
  }

  // oxlint-disable-next-line require-yield -- the interface requires it; results here are small
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  end(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
    this.#written = 0;
  }
}

/** A statement that is not of rows, such as one of the schema, counts as one. */
function rowsWritten(
  query: CompiledQuery,
  { rows, numAffectedRows = 0n }: QueryResult<unknown>,
): number {
  if (isRead(query)) return 0;
  const isOfRows = ['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode'].includes(
    query.query.kind,
  );
  return isOfRows ? rows.length + Number(numAffectedRows) : 1;
}

function isRead({ query, sql }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || /^\s*select\s/i.test(sql);
}
