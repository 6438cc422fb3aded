/** A long computation among other work of the process. */
import { setImmediate as afterEvents } from 'node:timers/promises';

/** Milliseconds between two pauses. */
const sliceMs = 10;

/**
 * Call `pause` often: about every 10 ms it lets the event loop do other work, otherwise it returns
 * at once. Example: `for (const host of hosts) { check(host); await work.pause(); }`.
 */
export class PausedWork {
  readonly #now: () => number;
  #since: number;
  #spentMs = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** The time between the pauses so far, in milliseconds. */
  get spentMs(): number {
    return this.#spentMs + this.#now() - this.#since;
  }

  async pause(): Promise<void> {
    const sliceSoFar = this.#now() - this.#since;
    if (sliceSoFar < sliceMs) return;
    this.#spentMs += sliceSoFar;
    await afterEvents();
    this.#since = this.#now();
  }
}
