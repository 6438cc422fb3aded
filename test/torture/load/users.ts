/** Users of the cloud who work concurrently until they are stopped or the cloud dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '#client/session/session.ts';
import { between, randomFrom, weighted } from '#test/random.ts';
import { finishMove, move } from './moves.ts';
import { list, show } from './reads.ts';
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

const operations = {
  boot,
  remove,
  act,
  move,
  finishMove,
  attach,
  detach,
  deletePort,
  changeHost,
  list,
  show,
};

type Operation = keyof typeof operations;

/** How often a user does what; a user with few servers boots more often. */
export interface Mix {
  whileFew: Partial<Record<Operation, number>>;
  whileMany: Partial<Record<Operation, number>>;
}

/** What may go wrong: nothing is only read. */
export const tortureMix: Mix = {
  whileFew: {
    boot: 8,
    remove: 1,
    act: 4,
    move: 4,
    finishMove: 2,
    attach: 2,
    detach: 1,
    deletePort: 0.3,
    changeHost: 0.1,
  },
  whileMany: {
    boot: 1,
    remove: 4,
    act: 5,
    move: 4,
    finishMove: 2,
    attach: 3,
    detach: 2,
    deletePort: 0.5,
    changeHost: 0.1,
  },
};
const fewServers = 4;

/** What a user needs beside the servers, which stay the same across restarts. */
export type UserGround = Omit<Ground, 'random' | 'mine' | 'everyone'>;

/** Before its next request, where another controller may answer. */
const longestThoughtMs = 60;

export class Users {
  readonly #servers: string[][];
  #isStopping = false;

  readonly #mix: Mix;

  constructor(count: number, mix: Mix) {
    this.#mix = mix;
    this.#servers = Array.from({ length: count }, () => []);
  }

  /**
   * Starts all of them. The result settles when all have stopped; it rejects on our own mistakes.
   * `anySession`: each request may go to another controller, and users continue when one does not
   * answer.
   */
  async work(
    ground: UserGround,
    seed: number,
    anySession?: (random: () => number) => Session,
  ): Promise<void> {
    this.#isStopping = false;
    await Promise.all(
      this.#servers.map((mine, at) => {
        const random = randomFrom(seed * 1_000 + at);
        return this.#workOne({ ...ground, random, mine, everyone: this.#everyone() }, anySession);
      }),
    );
  }

  /** They stop before their next request. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Their servers are gone. */
  forget(): void {
    for (const mine of this.#servers) mine.length = 0;
  }

  // oxlint-disable-next-line max-params -- who, and through what
  async #workOne(given: Ground, anySession?: (random: () => number) => Session): Promise<void> {
    while (!this.#isStopping) {
      const { random } = given;
      const ground = anySession ? { ...given, session: anySession(random) } : given;
      const { whileFew, whileMany } = this.#mix;
      const weights = ground.mine.length < fewServers ? whileFew : whileMany;
      try {
        await operations[weighted(ground.random, weights as Record<Operation, number>)](ground);
      } catch (error) {
        if (!this.#isStopping && !isNoAnswer(error)) throw error;
        if (anySession === undefined) return;
      }
      if (anySession !== undefined) await sleep(between(random, 0, longestThoughtMs));
    }
  }

  #everyone(): Set<string> {
    return new Set(this.#servers.flat());
  }
}

/** The cloud, or one of its controllers, has died. */
function isNoAnswer(error: unknown): boolean {
  return (error as { kind?: unknown }).kind === 'unavailable';
}
