/**
 * Wake-ups and messages between the controllers of one database, by LISTEN and NOTIFY on a
 * connection of its own: a notification inside a transaction would let only one transaction commit
 * at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ControllerMessage, ControllerPost } from '#contracts/controller-post.ts';
import type { Log } from '#contracts/log.ts';
import type { Wakeup, WakeupTopic } from '#contracts/wakeup.ts';
import { errorText } from '#core/errors.ts';
import { type Backoff, backoffMs } from '#runtime/backoff.ts';
import type { InProcessWakeup } from './in-process.ts';
import {
  mostBytes,
  type Notification,
  readNotification,
  topicNotifications,
} from './notification.ts';

const channel = 'novella_wakeup';
/** Wake-ups within this time are sent together. */
const collectMs = 10;
/** A database machine that has lost its power closes no connection. */
const limits = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 5_000,
  connectionTimeoutMillis: 10_000,
  query_timeout: 10_000,
};
const reconnecting: Backoff = { firstMs: 100, longestMs: 2_000 };

export interface PostgresWakeupOptions {
  /** Of the database, as the store's. */
  url: string;
  /** Of this process: its listeners. */
  local: InProcessWakeup;
  /** Names this controller. */
  id: string;
  log: Log;
}

/**
 * Wakes the listeners of all controllers; those of this one without a network. What is notified
 * while the database cannot be reached is lost; once it can be, every listener is woken.
 */
export class PostgresWakeup implements Wakeup, ControllerPost {
  readonly listen: Wakeup['listen'];
  readonly #options: PostgresWakeupOptions;
  readonly #topics = new Set<WakeupTopic>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #receive: (message: ControllerMessage) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: PostgresWakeupOptions) {
    this.#options = options;
    this.listen = (topic, listener) => options.local.listen(topic, listener);
    this.#running = this.#keepConnected();
  }

  notify(topic: WakeupTopic): void {
    this.#options.local.notify(topic);
    this.#topics.add(topic);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, collectMs);
  }

  /** A message that is too long for a notification is lost. */
  send(message: ControllerMessage): void {
    const { id: from } = this.#options;
    const payload = JSON.stringify({ from, topics: [], message } satisfies Notification);
    if (Buffer.byteLength(payload) <= mostBytes) this.#publish([payload]);
  }

  onMessage(listener: (message: ControllerMessage) => void): void {
    this.#receive = listener;
  }

  /** Sends what is collected, and ends the connection. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#sending;
    this.#stopping.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#running;
  }

  #flush(): void {
    const payloads = topicNotifications(this.#options.id, this.#topics);
    this.#topics.clear();
    this.#publish(payloads);
  }

  #publish(payloads: readonly string[]): void {
    const client = this.#client;
    if (client === undefined || payloads.length === 0) return;
    this.#sending = this.#sending.then(async () => {
      for (const payload of payloads) {
        const sent = client.query('select pg_notify($1, $2)', [channel, payload]);
        // A connection without an answer has not ended by itself. Its end is noticed elsewhere.
        await sent.catch(() => void client.end().catch(() => undefined));
      }
    });
  }

  async #keepConnected(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const { ended } = await this.#connect();
        failures = 0;
        await ended;
      } catch (error) {
        if (failures === 0) log.warn({ detail: errorText(error) }, 'wake-ups cannot be received');
      }
      this.#client = undefined;
      await sleep(backoffMs(reconnecting, failures), undefined, { signal }).catch(() => undefined);
    }
  }

  /** `ended` settles when the connection has ended. */
  async #connect(): Promise<{ ended: Promise<void> }> {
    const { url, local, id, log } = this.#options;
    const client = new Client({
      connectionString: url,
      application_name: 'novella wake-ups',
      ...limits,
    });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    // Its end is reported too.
    client.on('error', () => {});
    client.on('notification', ({ payload }) => {
      const notified = readNotification(payload ?? '');
      if (notified === undefined) {
        // Any user of the database may notify.
        return log.warn({}, 'a notification was ignored: it is not one of a controller');
      }
      if (notified.from === id) return;
      for (const topic of notified.topics) local.notify(topic);
      if (notified.message !== undefined) this.#receive(notified.message);
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    local.notifyAll();
    if (this.#stopping.signal.aborted) await client.end();
    return { ended };
  }
}
