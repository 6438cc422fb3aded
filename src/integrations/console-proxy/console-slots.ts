/** The consoles that are open, and how many there may be. */
import type { Duplex } from 'node:stream';
import type { JoinLimits } from '#runtime/streams/join-streams.ts';

export interface ConsoleLimits extends JoinLimits {
  /** Concurrent connections with one token. */
  ofToken: number;
  /** Concurrent connections. */
  total: number;
}

export const usualConsoleLimits: ConsoleLimits = {
  ofToken: 8,
  total: 256,
  idleMs: 3_600_000,
  stalledMs: 30_000,
};

export class ConsoleSlots {
  readonly #limits: ConsoleLimits;
  readonly #byToken = new Map<string, number>();
  readonly #byServer = new Map<string, Set<Duplex>>();
  #count = 0;

  constructor(limits: ConsoleLimits) {
    this.#limits = limits;
  }

  /** A place for one more with this token until the function is called; undefined: none left. */
  take(tokenSha256: string): (() => void) | undefined {
    const ofToken = this.#byToken.get(tokenSha256) ?? 0;
    if (this.#count >= this.#limits.total || ofToken >= this.#limits.ofToken) return undefined;
    this.#count += 1;
    this.#byToken.set(tokenSha256, ofToken + 1);
    return () => {
      this.#count -= 1;
      const left = (this.#byToken.get(tokenSha256) ?? 1) - 1;
      if (left > 0) this.#byToken.set(tokenSha256, left);
      else this.#byToken.delete(tokenSha256);
    };
  }

  /** A client has a console of this server open, until the function is called. */
  opened(serverId: string, client: Duplex): () => void {
    const clients = this.#byServer.get(serverId) ?? new Set();
    this.#byServer.set(serverId, clients.add(client));
    return () => {
      clients.delete(client);
      if (clients.size === 0) this.#byServer.delete(serverId);
    };
  }

  servers(): string[] {
    return [...this.#byServer.keys()];
  }

  closeOf(serverId: string): void {
    for (const client of this.#byServer.get(serverId) ?? []) client.destroy();
  }
}
