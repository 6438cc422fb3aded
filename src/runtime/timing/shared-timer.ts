/** One timer for many that repeat something at the same pace. */

interface Entry {
  act: () => void;
  /** When it was added, by `performance.now()`. */
  since: number;
}

/** A timer may fire so much early. */
const earlyMs = 5;

/**
 * Calls each act every `everyMs`, the acts spread evenly over that time in `turns`, so that many of
 * them never hold the process at once. There is no timer while there are no acts.
 */
export class SharedTimer {
  readonly #everyMs: number;
  readonly #turnMs: number;
  readonly #turns: readonly Set<Entry>[];
  #timer: NodeJS.Timeout | undefined;
  #size = 0;
  #added = 0;
  #passed = 0;

  constructor(everyMs: number, turns = 1) {
    this.#everyMs = everyMs;
    this.#turnMs = everyMs / turns;
    this.#turns = Array.from({ length: turns }, () => new Set());
  }

  /**
   * Calls `act` until the returned function is called, first after once to twice `everyMs`.
   * It must not throw. Keeps no process alive.
   */
  add(act: () => void): () => void {
    const entry = { act, since: performance.now() };
    const turn = this.#turnOf(this.#added);
    turn.add(entry);
    this.#added += 1;
    this.#size += 1;
    this.#timer ??= setInterval(() => this.#run(), this.#turnMs).unref();
    return () => {
      if (!turn.delete(entry)) return;
      this.#size -= 1;
      if (this.#size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #turnOf(count: number): Set<Entry> {
    return this.#turns[count % this.#turns.length] as Set<Entry>;
  }

  #run(): void {
    const turn = this.#turnOf(this.#passed);
    this.#passed += 1;
    const before = performance.now() - this.#everyMs + earlyMs;
    for (const { act, since } of turn) if (since <= before) act();
  }
}

/** Repeats `act` every `ms` until the returned function is called. */
export type Every = (ms: number, act: () => void) => () => void;

/** A turn is never shorter. */
const shortestTurnMs = 100;

/** One timer for each pace, whatever the number of acts; each is spread over its pace. */
export function sharedTimers(): Every {
  const timers = new Map<number, SharedTimer>();
  return (ms, act) => {
    const timer = timers.get(ms) ?? new SharedTimer(ms, Math.ceil(ms / shortestTurnMs));
    timers.set(ms, timer);
    return timer.add(act);
  };
}
