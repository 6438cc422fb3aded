/**
 * Tells the controller how guests are found: after each command, and when the hypervisor says that
 * one has changed.
 */
import type { ToController } from '#contracts/host/host-link.ts';
import type { AgentOptions } from '../agent-options.ts';
import type { GuestTurns } from '../commands/guest-turns.ts';

export class GuestLooks {
  readonly #options: AgentOptions;
  readonly #notify: (message: ToController) => void;
  readonly #turns: GuestTurns;
  /** Guests that will be looked at anyway. */
  readonly #coming = new Set<string>();
  #stopped = false;

  constructor(options: AgentOptions, notify: (message: ToController) => void, turns: GuestTurns) {
    this.#options = options;
    this.#notify = notify;
    this.#turns = turns;
  }

  /** A command of this guest begins, and `now` follows it: what changes until then is no news. */
  expect(guestId: string): void {
    this.#coming.add(guestId);
  }

  /** Call in the guest's turn, so that nothing is under way for it. Never throws. */
  async now(guestId: string): Promise<void> {
    const { hypervisor, log, host } = this.#options;
    this.#coming.delete(guestId);
    try {
      const found = (await hypervisor.listGuests()).find(({ id }) => id === guestId);
      if (this.#stopped) return;
      this.#notify({ type: 'guest-changed', guestId, state: found?.state ?? 'gone' });
    } catch (error) {
      // Its state is in the report that follows once the hypervisor is back.
      log.warn({ err: error, host, guest: guestId }, 'the state of a changed guest cannot be read');
    }
  }

  /** After what is under way for it: what an event says may be old by the time it is heard. */
  later(guestId: string): void {
    if (this.#coming.has(guestId)) return;
    this.#coming.add(guestId);
    this.#turns.take(guestId, () => this.now(guestId));
  }

  stop(): void {
    this.#stopped = true;
  }
}
