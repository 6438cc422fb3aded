/** The consoles that are open, and how many there may be. */
import type { Duplex } from 'node:stream';
import { ComputeError } from '#core/errors.ts';
import type { JoinLimits } from '#runtime/streams/join-streams.ts';

export interface ConsoleLimits extends JoinLimits {
  /** Concurrent connections to the consoles of one server, whatever their tokens. */
  ofServer: number;
  /** Concurrent connections to the consoles of all servers of one project. */
  ofProject: number;
  /** Concurrent connections. */
  total: number;
}

export const usualConsoleLimits: ConsoleLimits = {
  ofServer: 8,
  ofProject: 64,
  total: 256,
  idleMs: 3_600_000,
  stalledMs: 120_000,
};

/** Whose console it is. */
interface ConsoleOwner {
  serverId: string;
  projectId: string;
}

export class ConsoleSlots {
  readonly #limits: ConsoleLimits;
  readonly #taken = new Set<ConsoleOwner>();
  readonly #byServer = new Map<string, Set<Duplex>>();

  constructor(limits: ConsoleLimits) {
    this.#limits = limits;
  }

  /**
   * A slot for one more console of this server, until the returned function is called. Throws
   * `unavailable` when the server, its project or the controller has none left.
   */
  take({ serverId, projectId }: ConsoleOwner): () => void {
    const { ofServer, ofProject, total } = this.#limits;
    const all = [...this.#taken];
    for (const [whose, limit, taken] of [
      [`server ${serverId}`, ofServer, all.filter((slot) => slot.serverId === serverId)],
      [`project ${projectId}`, ofProject, all.filter((slot) => slot.projectId === projectId)],
      ['the controller', total, all],
    ] as const) {
      if (taken.length < limit) continue;
      throw new ComputeError('unavailable', `${whose} has ${limit} open consoles, its limit`);
    }
    const slot = { serverId, projectId };
    this.#taken.add(slot);
    return () => this.#taken.delete(slot);
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
