/** Users of the cloud who work concurrently until they are stopped or the cloud dies. */
import { randomFrom, weighted } from '#test/random.ts';
import {
  act,
  attach,
  boot,
  changeHost,
  deletePort,
  detach,
  type Ground,
  remove,
} from './operations.ts';

const operations = { boot, remove, act, attach, detach, deletePort, changeHost };

/** A user with few servers boots more often. */
const whileFew = {
  boot: 8,
  remove: 1,
  act: 4,
  attach: 2,
  detach: 1,
  deletePort: 0.3,
  changeHost: 0.1,
};
const whileMany = {
  boot: 1,
  remove: 4,
  act: 5,
  attach: 3,
  detach: 2,
  deletePort: 0.5,
  changeHost: 0.1,
};
const fewServers = 4;

/** What a user needs beside the servers, which stay the same across restarts. */
export type UserGround = Omit<Ground, 'random' | 'mine' | 'everyone'>;

export class Users {
  readonly #servers: string[][];
  #isStopping = false;

  constructor(count: number) {
    this.#servers = Array.from({ length: count }, () => []);
  }

  /**
   * Starts all of them. The result settles when all have stopped; it rejects on our own mistakes.
   */
  async work(ground: UserGround, seed: number): Promise<void> {
    this.#isStopping = false;
    await Promise.all(
      this.#servers.map((mine, at) => {
        const random = randomFrom(seed * 1_000 + at);
        return this.#workOne({ ...ground, random, mine, everyone: this.#everyone() });
      }),
    );
  }

  /** They stop before their next request. */
  stop(): void {
    this.#isStopping = true;
  }

  async #workOne(ground: Ground): Promise<void> {
    while (!this.#isStopping) {
      const weights = ground.mine.length < fewServers ? whileFew : whileMany;
      try {
        await operations[weighted(ground.random, weights)](ground);
      } catch (error) {
        if (!this.#isStopping && !isNoAnswer(error)) throw error;
        return;
      }
    }
  }

  #everyone(): Set<string> {
    return new Set(this.#servers.flat());
  }
}

/** The cloud has died. */
function isNoAnswer(error: unknown): boolean {
  return (error as { kind?: unknown }).kind === 'unavailable';
}
