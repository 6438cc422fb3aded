/** The lock that lets only one controller use a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { databaseFailure, openFailure } from './failures.ts';

/** Of the locks in its database. Any number that other programs there do not use. */
export const lockNumber = 7_318_244_001;
const retryMs = 1_000;

export interface LockEvents {
  /** The connection with the lock ended; it is taken again. */
  onProblem: (problem: string) => void;
  /**
   * Another controller took the lock meanwhile, for good: this process must end at once, because
   * both would run the same steps.
   */
  onLost: (problem: string) => void;
}

/**
 * Takes the database of this URL for this process until `release`, on a connection of its own: the
 * server frees the lock with it, however the process ends. When the server restarts, it is taken
 * again. Throws `conflict` where another controller has it, and `unavailable` where the server
 * cannot be reached.
 */
export async function becomeSoleUser(url: string, events: LockEvents): Promise<SoleUser> {
  try {
    return new SoleUser({ url, events, client: await takeLock(url) });
  } catch (error) {
    throw openFailure(url, error);
  }
}

class SoleUser {
  readonly #url: string;
  readonly #events: LockEvents;
  #client: Client;
  #isReleased = false;

  constructor({ url, events, client }: { url: string; events: LockEvents; client: Client }) {
    this.#url = url;
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
        this.#client = await takeLock(this.#url);
        if (this.#isReleased) await this.#client.end();
        else this.#watch();
        return;
      } catch (error) {
        if (isComputeError(error, 'conflict')) return this.#events.onLost(error.message);
      }
      await sleep(retryMs, undefined, { ref: false });
    }
  }
}

async function takeLock(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'novella',
    keepAlive: true,
  });
  // Its end is reported too.
  client.on('error', () => {});
  try {
    await client.connect();
    const taken = await client.query<{ isTaken: boolean }>(
      'select pg_try_advisory_lock($1::bigint) as "isTaken"',
      [lockNumber],
    );
    if (taken.rows[0]?.isTaken === true) return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw databaseFailure(cause).error;
  }
  await client.end();
  const message = 'the database is in use by another controller; stop it, or name another database';
  throw new ComputeError('conflict', message);
}
