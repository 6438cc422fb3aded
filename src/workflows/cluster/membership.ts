/**
 * The controllers that share the database, as this one sees them. Each shows that it is alive by a
 * count in its row. The clocks of other machines do not matter: one whose count has not changed for
 * some time, while this one could read it, is dead, and its work is free.
 */
import type { Clock } from '#contracts/clock.ts';
import type { Log } from '#contracts/log.ts';
import type { Controller, ControllerStore } from '#contracts/store/controllers/controller-store.ts';
import { repeat } from '#runtime/timing/repeat.ts';
import { within } from '#runtime/timing/within.ts';

export interface MembershipTimes {
  /** Between two signs of life. */
  beatMs: number;
  /** Without a sign of life for so long, this controller begins nothing more: see `isFenced`. */
  fencedMs: number;
  /** Without a sign of life for so long, another controller is dead. More than `fencedMs`. */
  deadMs: number;
}

/** Another controller has the work of a dead one within ten seconds. */
export const usualTimes: MembershipTimes = { beatMs: 1_000, fencedMs: 5_000, deadMs: 7_000 };

/** Between two searches for tasks that a removed controller has leased. */
const sweepMs = 5_000;

export interface MembershipParts {
  controllers: ControllerStore;
  /** This one. */
  self: Omit<Controller, 'beats'>;
  /** Milliseconds that never go back. */
  monotonic: Clock;
  log: Log;
  /** This one was removed: it has no work any more, and must end. */
  onRemoved: () => void;
  /** The work of dead controllers is free, or some have come or gone. */
  onChange: () => void;
  times?: MembershipTimes;
}

interface Observed {
  beats: number;
  /** For how long it was read without a change. */
  silentMs: number;
}

export class Membership {
  readonly #parts: MembershipParts;
  readonly #times: MembershipTimes;
  readonly #observed = new Map<string, Observed>();
  #live: readonly Controller[] = [];
  #readAt = 0;
  #beatAt = 0;
  #sweptAt = -Infinity;
  #beating: { stop(): Promise<void> } | undefined;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#times = parts.times ?? usualTimes;
  }

  get id(): string {
    return this.#parts.self.id;
  }

  /** Adds this controller. An earlier run of it has no work any more. */
  async join(): Promise<void> {
    const { controllers, self, monotonic, log } = this.#parts;
    const at = monotonic.now();
    await controllers.add(self);
    this.#beatAt = at;
    await this.#observe();
    this.#beating = repeat(
      () => this.beat(),
      this.#times.beatMs,
      (error) => log.error({ err: error }, 'this controller cannot show that it is alive'),
    );
  }

  /** Call when this controller has ended its work. */
  async leave(): Promise<void> {
    await this.#beating?.stop();
    await this.#parts.controllers.remove(this.id);
  }

  /**
   * Shows that this one is alive, and frees the work of those that are dead. Given up after
   * `fencedMs`, when it is of no use any more: on a connection to a machine that is gone it might
   * have no end for long, and the next one uses another connection.
   */
  beat(): Promise<void> {
    return within(this.#times.fencedMs, (signal) => this.#beat(signal));
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { controllers, monotonic, onRemoved, log } = this.#parts;
    // Before the write: the process may pause after it.
    const at = monotonic.now();
    const isThere = await controllers.beat(this.id);
    if (signal.aborted) return;
    if (!isThere) return onRemoved();
    this.#beatAt = at;
    const dead = await this.#observe(signal);
    for (const { id, name } of dead) {
      await controllers.remove(id);
      this.#observed.delete(id);
      log.warn({ controller: name }, 'a controller is dead: others have its work now');
    }
    if (dead.length > 0) this.#parts.onChange();
    if (!this.isFirst() || at - this.#sweptAt < sweepMs) return;
    this.#sweptAt = at;
    await controllers.freeLeftTasks();
  }

  /**
   * Others may count this controller as dead, and have its work: it sends no command, and takes no
   * report.
   */
  isFenced(): boolean {
    return this.#parts.monotonic.now() - this.#beatAt > this.#times.fencedMs;
  }

  /** As of the last reading. */
  isLive(id: string): boolean {
    return this.#live.some((one) => one.id === id);
  }

  /** How many controllers are alive, with this one. */
  get count(): number {
    return Math.max(1, this.#live.length);
  }

  /** The controller that does what one is enough for: of those that are alive the oldest. */
  isFirst(): boolean {
    return this.#live[0]?.id === this.id && !this.isFenced();
  }

  /** Whether a live controller has another version than this one, as during an upgrade. */
  hasOtherVersion(): boolean {
    return this.#live.some(({ version }) => version !== this.#parts.self.version);
  }

  /** Reads the rows; returns those of dead controllers. */
  async #observe(signal?: AbortSignal): Promise<Controller[]> {
    const rows = await this.#parts.controllers.list();
    if (signal?.aborted === true) return [];
    const now = this.#parts.monotonic.now();
    // After a pause of this process, or of the database, nothing is known of that time.
    const passed = Math.min(now - this.#readAt, 2 * this.#times.beatMs);
    this.#readAt = now;
    const isDead = ({ id, beats }: Controller): boolean => {
      if (id === this.id) return false;
      // Another controller was removing it.
      if (beats < 0) return true;
      const known = this.#observed.get(id);
      const silentMs = known?.beats === beats ? known.silentMs + passed : 0;
      this.#observed.set(id, { beats, silentMs });
      return silentMs > this.#times.deadMs;
    };
    const dead = rows.filter(isDead);
    const live = rows.filter((row) => !dead.includes(row));
    for (const id of this.#observed.keys()) {
      if (!rows.some((row) => row.id === id)) this.#observed.delete(id);
    }
    const idsOf = (of: readonly Controller[]) => of.map(({ id }) => id).join();
    const isChanged = idsOf(live) !== idsOf(this.#live);
    this.#live = live;
    if (isChanged) this.#parts.onChange();
    return dead;
  }
}
