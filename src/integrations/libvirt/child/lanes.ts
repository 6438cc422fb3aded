/**
 * Connections that calls take turns on. Reading has lanes of its own: a list does not wait for a
 * guest that is slow to start.
 */
import type { Connection, ConnectionOpener } from './connection.ts';

/** Lanes of each kind. Each call that waits in libvirt holds a thread of the pool. */
export const laneCounts = { read: 3, act: 8 };

export type LaneKind = keyof typeof laneCounts;

export class Lanes {
  readonly #opener: ConnectionOpener;
  readonly #kinds: Record<LaneKind, { idle: Connection[]; open: number; waiting: (() => void)[] }>;

  constructor(opener: ConnectionOpener) {
    this.#opener = opener;
    const none = () => ({ idle: [], open: 0, waiting: [] });
    this.#kinds = { read: none(), act: none() };
  }

  /**
   * Runs with a connection that nobody else uses meanwhile. Throws CallFailed when none can be
   * opened.
   */
  async use<T>(kind: LaneKind, run: (connection: Connection) => Promise<T>): Promise<T> {
    const lanes = this.#kinds[kind];
    while (lanes.open >= laneCounts[kind]) {
      await new Promise<void>((resolve) => lanes.waiting.push(resolve));
    }
    lanes.open += 1;
    try {
      const connection = await this.#take(kind);
      try {
        return await run(connection);
      } finally {
        lanes.idle.push(connection);
      }
    } finally {
      lanes.open -= 1;
      lanes.waiting.shift()?.();
    }
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
