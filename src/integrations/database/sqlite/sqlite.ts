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
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { openFile, openReader } from './open-file.ts';
import { NodeSqliteConnection } from './sqlite-connection.ts';

export interface SqliteOptions {
  /** How long a write waits for another connection or process. */
  busyTimeoutMs?: number;
  /** Called each time a write finds no room. */
  onDiskFull?: () => void;
}

/**
 * Opens (and makes) the database in this file; `:memory:` for none. Commits are durable: WAL with
 * `synchronous=FULL`. Another connection or process may have it open too: writers wait up to
 * `busyTimeoutMs` for each other, then throw `unavailable`; reads outside of a transaction never
 * wait, and see what is committed. Throws `unavailable`, naming the file, when it cannot be
 * opened.
 */
export function openSqlite<Tables>(
  path: string,
  { busyTimeoutMs = 10_000, onDiskFull }: SqliteOptions = {},
): Kysely<Tables> {
  const database = openFile(path, busyTimeoutMs);
  const reader = openReader(path);
  const options = { path, busyTimeoutMs, ...(onDiskFull !== undefined && { onDiskFull }) };
  const driver = new NodeSqliteDriver(database, {
    writer: new NodeSqliteConnection(database, options),
    reader: reader && new NodeSqliteConnection(reader, options),
  });
  return new Kysely<Tables>({ dialect: new NodeSqliteDialect(driver) });
}

class NodeSqliteDialect implements Dialect {
  readonly #driver: NodeSqliteDriver;

  constructor(driver: NodeSqliteDriver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
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

/**
 * Migrations run inside one transaction: SQLite's DDL rolls back like all else, and a second
 * process waits its turn. Who may read meanwhile is the driver's choice.
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
}

/**
 * One connection that writes, for one user at a time, and one for reads outside of transactions.
 */
class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connections: Connections;
  readonly #turns = new SerialQueue();

  constructor(database: DatabaseSync, connections: Connections) {
    this.#database = database;
    this.#connections = connections;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Session(this.#connections, this.#turns);
  }

  async releaseConnection(connection: Session): Promise<void> {
    connection.end();
  }

  // IMMEDIATE: a transaction that reads first and writes later would else fail halfway when another
  // process wrote in between.
  async beginTransaction(connection: Session): Promise<void> {
    await connection.begin(CompiledQuery.raw('begin immediate'));
  }
  async commitTransaction(connection: Session): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
    // SQLite answers at once, so a queue of transactions would never let sockets and timers have a
    // turn.
    await afterEvents();
  }
  async rollbackTransaction(connection: Session): Promise<void> {
    // A full disk makes SQLite roll back on its own; an error of ours would hide that one.
    if (!this.#database.isTransaction) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
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
  readonly #turns: SerialQueue;
  #endTurn: (() => void) | undefined;

  constructor(connections: Connections, turns: SerialQueue) {
    this.#connections = connections;
    this.#turns = turns;
  }

  async begin(query: CompiledQuery): Promise<void> {
    const queuedAt = performance.now();
    this.#endTurn = await this.#turns.take();
    await this.#connections.writer.execute(query, queuedAt);
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { writer, reader } = this.#connections;
    const queuedAt = performance.now();
    if (this.#endTurn !== undefined) return writer.execute(query, queuedAt);
    if (reader !== undefined && isRead(query)) return reader.execute(query, queuedAt);
    const endTurn = await this.#turns.take();
    try {
      return await writer.execute(query, queuedAt);
    } finally {
      endTurn();
    }
  }

  // oxlint-disable-next-line require-yield -- the interface asks for it; results here are small
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  end(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}

function isRead({ query, sql }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || /^\s*select\s/i.test(sql);
}
