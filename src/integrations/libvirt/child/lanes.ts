/**
 * Connections that calls use in turn. Reads have dedicated lanes: a list does not wait for a guest
 * that is slow to start. So have reads of node devices: a slow card delays no read of a guest;
 * calls that one guest answers, its QEMU or the agent in it: they may hang with it; and guests that
 * are sent to other hosts, which may take hours.
 */
import { ConcurrencyLimit } from '#runtime/concurrency-limit.ts';
import type { Connection, ConnectionOpener } from './connection.ts';

/** Lanes of each kind. Each call waiting in libvirt occupies a thread of the pool. */
export const laneCounts = { read: 3, act: 8, devices: 1, guests: 2, moves: 2 };

export type LaneKind = keyof typeof laneCounts;

export class Lanes {
  readonly #opener: ConnectionOpener;
  readonly #kinds: Record<LaneKind, { idle: Connection[]; limit: ConcurrencyLimit }>;

  constructor(opener: ConnectionOpener) {
    this.#opener = opener;
    const none = (most: number) => ({ idle: [], limit: new ConcurrencyLimit(most) });
    this.#kinds = {
      read: none(laneCounts.read),
      act: none(laneCounts.act),
      devices: none(laneCounts.devices),
      guests: none(laneCounts.guests),
      moves: none(laneCounts.moves),
    };
  }

  /** Runs with exclusive use of a connection. Throws CallFailed when none can be opened. */
  async use<T>(kind: LaneKind, run: (connection: Connection) => Promise<T>): Promise<T> {
    const { idle, limit } = this.#kinds[kind];
    return limit.run(async () => {
      const connection = await this.#take(kind);
      try {
        return await run(connection);
      } finally {
        idle.push(connection);
      }
    });
  }

  /** An idle connection that still works, or a new one. */
  async #take(kind: LaneKind): Promise<Connection> {
    for (;;) {
      const connection = this.#kinds[kind].idle.pop();
      if (connection === undefined) return this.#opener.open();
      if (await connection.isAlive()) return connection;
      await connection.close();
    }
  }

  async close(): Promise<void> {
    for (const { idle } of Object.values(this.#kinds)) {
      for (const connection of idle.splice(0)) await connection.close();
    }
  }
}
