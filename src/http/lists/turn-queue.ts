/** The long lists of a process share one slice of each turn of the event loop. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Steps } from '#core/steps.ts';

/** Milliseconds that all lists together take of a turn of the event loop. */
const sliceMs = 10;
/** Milliseconds that one list takes while others wait. */
const shareMs = 2;

/** `now`: in milliseconds; `afterEvents`: calls once other requests had their part of a turn. */
export interface EventLoop {
  now: () => number;
  afterEvents: (run: () => void) => void;
}

/** Advances until this time at least by a step; true at its end. */
type Work = (until: number) => boolean;

/**
 * Runs computations that stop after each step, in slices: of one turn of the event loop they all
 * together take about 10 ms, in rotation, in the order of arrival. One that is short and finds no
 * other waiting ends at once.
 */
export class TurnQueue {
  readonly #loop: EventLoop;
  readonly #waiting: Work[] = [];
  #leftMs = sliceMs;
  #isTurning = false;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Returns what the steps make, or throws their error. Example: `queue.run(steps)`. */
  run<Made>(steps: Steps<Made>): Promise<Made> {
    const { promise, resolve, reject } = Promise.withResolvers<Made>();
    const work: Work = (until) => {
      try {
        do {
          const step = steps.next();
          if (step.done === true) {
            resolve(step.value);
            return true;
          }
        } while (this.#loop.now() < until);
        return false;
      } catch (error) {
        reject(error);
        return true;
      }
    };
    const isFree = this.#waiting.length === 0 && this.#leftMs > 0;
    if (!isFree || !this.#take(work, this.#leftMs)) this.#waiting.push(inItsContext(work));
    this.#turn();
    return promise;
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#loop.afterEvents(() => this.#nextSlice());
  }

  /** Between a slice that is used up and the next one, other requests have their part of a turn. */
  #nextSlice(): void {
    this.#isTurning = false;
    const hasSlice = this.#leftMs > 0 && this.#waiting.length > 0;
    if (!hasSlice) this.#leftMs = sliceMs;
    else this.#runSlice();
    if (this.#waiting.length > 0 || this.#leftMs < sliceMs) this.#turn();
  }

  #runSlice(): void {
    while (this.#leftMs > 0) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      if (!this.#take(work, Math.min(shareMs, this.#leftMs))) this.#waiting.push(work);
    }
  }

  #take(work: Work, ms: number): boolean {
    const start = this.#loop.now();
    const isEnd = work(start + ms);
    this.#leftMs -= this.#loop.now() - start;
    return isEnd;
  }
}

/** A slice runs from another request's turn; logs name the request that it is for. */
function inItsContext(work: Work): Work {
  const inContext = AsyncLocalStorage.snapshot();
  return (until) => inContext(work, until);
}
