/** PostgreSQL through `pg`, as a Kysely dialect. Names no table. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import { Pool, type PoolClient, type QueryConfig, types } from 'pg';
import { setDeferred } from '../engine/deferred.ts';
import { isOutdatedPlan } from '../engine/transaction.ts';
import { AnswerWatch } from './answer-watch.ts';
import { refuseUnsafeServer } from './check-server.ts';
import { databaseFailure, openFailure } from './failures.ts';
import { PostgresCompiler } from './postgres-compiler.ts';
import { keepAliveMs } from './keep-alive.ts';
import { StatementNames } from './statement-names.ts';

/**
 * How long to wait for a connection, also for a free one of the pool. As long as a write waits for
 * another process on SQLite.
 */
const connectTimeoutMs = 10_000;
const mostConnections = 16;
const statementTimeoutMs = 30_000;

export interface PostgresLimits {
  /**
   * How long to wait for the server's answer to a statement, in milliseconds: a machine that has
   * lost its power closes no connection. More than the server itself may take.
   */
  answerMs?: number;
  /** How long the server may take for a statement, in milliseconds. */
  statementMs?: number;
  /** How long a transaction may wait for its next statement, in milliseconds. */
  idleMs?: number;
}

const usualLimits: PostgresLimits = {
  answerMs: statementTimeoutMs + 2_000,
  statementMs: statementTimeoutMs,
  idleMs: 10_000,
};

/** For an upgrade or a copy. */
export const unlimited: PostgresLimits = {};

/**
 * Statements are short, and each has an index: a scan of a whole table, which the planner prefers
 * while a table is small or was not analyzed yet, conflicts with every write at the same time.
 */
const sessionSettings = '-c enable_seqscan=off -c jit=off';

/**
 * Connects to the database of this URL. A commit is reported when the server has made it durable.
 * Throws `unavailable`, naming the server, where it cannot be used: out of reach, read-only, too
 * old, or set to lose commits. Example: `postgresql:///novella?host=/run/postgresql`.
 */
export async function openPostgres<Tables>(
  url: string,
  limits: PostgresLimits = usualLimits,
): Promise<Kysely<Tables>> {
  const pool = new Pool({
    connectionString: url,
    max: mostConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'novella',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    // 0: without an end, whatever the server has configured.
    options: `${sessionSettings} -c statement_timeout=${limits.statementMs ?? 0} -c idle_in_transaction_session_timeout=${limits.idleMs ?? 0}`,
    ...(limits.answerMs !== undefined && { query_timeout: limits.answerMs }),
    types: { getTypeParser },
  });
  // Of a connection that nobody uses now, as when the server restarts: the pool drops it.
  pool.on('error', () => {});
  // Of one that ends between its use by two, or before its first: its next statement fails.
  pool.on('connect', (client) => void client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect(pool, new AnswerWatch(url)) });
  const ready = Promise.resolve();
  setDeferred(db, { db, onDisk: () => ready, onDiskSoon: () => ready });
  try {
    await refuseUnsafeServer(db);
  } catch (error) {
    await db.destroy();
    throw openFailure(url, error);
  }
  return db;
}

const { builtins } = types;

/** Integers, also sums of them, are numbers, as SQLite's are. */
const getTypeParser: typeof types.getTypeParser = (type, format) =>
  type === builtins.INT8 || type === builtins.NUMERIC
    ? Number
    : (types.getTypeParser(type, format) as never);

class PostgresDialect implements Dialect {
  readonly #pool: Pool;
  readonly #watch: AnswerWatch;

  constructor(pool: Pool, watch: AnswerWatch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  createDriver(): Driver {
    return new PostgresDriver(this.#pool, this.#watch);
  }
  createQueryCompiler() {
    return new PostgresCompiler();
  }
  createAdapter() {
    return new PostgresAdapter();
  }
  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own signature
  createIntrospector(db: Kysely<any>) {
    return new PostgresIntrospector(db);
  }
}

class PostgresDriver implements Driver {
  readonly #pool: Pool;
  readonly #watch: AnswerWatch;
  readonly #names = new StatementNames();

  constructor(pool: Pool, watch: AnswerWatch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    try {
      const parts = { names: this.#names, watch: this.#watch };
      return new PostgresConnection(await this.#pool.connect(), parts);
    } catch (error) {
      throw databaseFailure(error).error;
    }
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async beginTransaction(
    connection: PostgresConnection,
    { isolationLevel }: TransactionSettings,
  ): Promise<void> {
    const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`;
    await connection.begin(`begin${level}`);
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.rollback();
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

/** Statements of which the number of rows is reported. */
const writes: readonly string[] = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'];

class PostgresConnection implements DatabaseConnection {
  readonly #client: PoolClient;
  readonly #names: StatementNames;
  readonly #watch: AnswerWatch;
  #isInTransaction = false;
  #isBroken = false;
  readonly #onError = (): void => {
    this.#isBroken = true;
  };

  constructor(client: PoolClient, { names, watch }: { names: StatementNames; watch: AnswerWatch }) {
    this.#client = client;
    this.#names = names;
    this.#watch = watch;
    // Of a connection that ends between two statements; the next one fails.
    client.on('error', this.#onError);
  }

  async begin(text: string): Promise<void> {
    await this.#query({ text });
    this.#isInTransaction = true;
  }

  async commit(): Promise<void> {
    await this.#query({ text: 'commit' });
    this.#isInTransaction = false;
  }

  /** An error would hide the one that it is rolled back for; the server rolls back at the end. */
  async rollback(): Promise<void> {
    if (!this.#isBroken) await this.#query({ text: 'rollback' }).catch(this.#onError);
    this.#isInTransaction = false;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const name = this.#names.of(sql);
    const query = { text: sql, values: [...parameters] };
    if (name === undefined) return this.#query<Row>(query);
    try {
      return await this.#query<Row>({ ...query, name });
    } catch (error) {
      if (!isOutdatedPlan(error)) throw error;
      this.#names.forget();
      // A transaction has failed as a whole: it is repeated.
      if (this.#isInTransaction) throw error;
      return this.#query<Row>(query);
    }
  }

  async #query<Row>(query: QueryConfig): Promise<QueryResult<Row>> {
    // `pg` has both, and its types lack them for a connection of a pool.
    const client = this.#client as unknown as { processID: number; end: () => Promise<void> };
    const answered = this.#watch.watch(client.processID, () => {
      void client.end().catch(() => undefined);
    });
    try {
      const { command, rowCount, rows } = await this.#client.query(query);
      const isWrite = writes.includes(command);
      return { rows, ...(isWrite && { numAffectedRows: BigInt(rowCount ?? 0) }) };
    } catch (cause) {
      const { error, isConnectionLost } = databaseFailure(cause);
      if (isConnectionLost) this.#isBroken = true;
      throw error;
    } finally {
      answered();
    }
  }

  // oxlint-disable-next-line require-yield -- the interface requires it; results here are small
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  release(): void {
    this.#client.off('error', this.#onError);
    this.#client.release(this.#isBroken);
  }
}
