/** The lock of a database: one process has it alone, or any number of controllers share it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { databaseFailure, openFailure } from './failures.ts';
import { keepAliveMs } from './keep-alive.ts';

/** Of the locks in its database. Any number that other programs there do not use. */
export const lockNumber = 7_318_244_001;
const retryMs = 1_000;
/** For a connection, and for the answer to a statement. */
const longestWaitMs = 10_000;

export interface LockEvents {
  /** The connection with the lock ended; it is taken again. */
  onProblem: (problem: string) => void;
  /**
   * Another process took the lock meanwhile, for good: this process must end at once, because both
   * would run the same steps.
   */
  onLost: (problem: string) => void;
  /** It was taken again. Meanwhile another process may have had it, and changed the database. */
  onTakenAgain?: () => void;
}

/** `sole`: no other process may use the database; `shared`: only others that share it. */
export type Use = 'sole' | 'shared';

/**
 * Takes the database of this URL for this process until `release`, on a connection of its own: the
 * server frees the lock with it, however the process ends. When the server restarts, it is taken
 * again. Throws `conflict` where another process has it, and `unavailable` where the server cannot
 * be reached.
 */
export async function useDatabase(url: string, use: Use, events: LockEvents): Promise<Lock> {
  try {
    return new Lock({ url, use, events, client: await takeLock(url, use) });
  } catch (error) {
    throw openFailure(url, error);
  }
}

export class Lock {
  readonly #url: string;
  readonly #use: Use;
  readonly #events: LockEvents;
  #client: Client;
  #isReleased = false;

  constructor({
    url,
    use,
    events,
    client,
  }: {
    url: string;
    use: Use;
    events: LockEvents;
    client: Client;
  }) {
    this.#url = url;
    this.#use = use;
    this.#events = events;
    this.#client = client;
    this.#watch();
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#client.end().catch(() => undefined);
  }

  #watch(): void {
    this.#client.once('end', () => {
      if (this.#isReleased) return;
      this.#events.onProblem('the connection that holds the database ended; taking it again');
      void this.#takeAgain();
    });
  }

  async #takeAgain(): Promise<void> {
    while (!this.#isReleased) {
      try {
        this.#client = await takeLock(this.#url, this.#use);
        if (this.#isReleased) return await this.#client.end();
        this.#watch();
        this.#events.onTakenAgain?.();
        return;
      } catch (error) {
        if (isComputeError(error, 'conflict')) return this.#events.onLost(error.message);
      }
      await sleep(retryMs, undefined, { ref: false });
    }
  }
}

const takes = {
  sole: 'select pg_try_advisory_lock($1::bigint) as "isTaken"',
  shared: 'select pg_try_advisory_lock_shared($1::bigint) as "isTaken"',
};

const inUse = {
  sole: 'the database is in use by another controller; stop it, or name another database',
  shared:
    'the database is in use by "novella up", which runs alone on its database; stop it, or name another database',
};

async function takeLock(url: string, use: Use): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'novella',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    connectionTimeoutMillis: longestWaitMs,
    query_timeout: longestWaitMs,
  });
  // Its end is reported too.
  client.on('error', () => {});
  try {
    await client.connect();
    const taken = await client.query<{ isTaken: boolean }>(takes[use], [lockNumber]);
    if (taken.rows[0]?.isTaken === true) return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw databaseFailure(cause).error;
  }
  await client.end();
  throw new ComputeError('conflict', inUse[use]);
}
