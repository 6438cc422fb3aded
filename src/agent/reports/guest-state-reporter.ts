/**
 * Reports the state of guests to the controller: after each command, and when the hypervisor
 * reports a change.
 */
import type { ToController } from '#contracts/host/host-link.ts';
import type { AgentOptions } from '../agent-options.ts';
import type { GuestQueue } from '../commands/guest-queue.ts';

export class GuestStateReporter {
  readonly #options: AgentOptions;
  readonly #notify: (message: ToController) => void;
  readonly #turns: GuestQueue;
  /** Guests whose state is about to be read already. */
  readonly #scheduled = new Set<string>();
  #stopped = false;

  constructor(options: AgentOptions, notify: (message: ToController) => void, turns: GuestQueue) {
    this.#options = options;
    this.#notify = notify;
    this.#turns = turns;
  }

  /** A command of this guest begins; `now` follows it, so changes until then need no report. */
  expect(guestId: string): void {
    this.#scheduled.add(guestId);
  }

  /** Call in the guest's turn, so that no operation on it is in progress. Never throws. */
  async now(guestId: string): Promise<void> {
    const { hypervisor, log, host } = this.#options;
    this.#scheduled.delete(guestId);
    try {
      const found = (await hypervisor.listGuests()).find(({ id }) => id === guestId);
      if (this.#stopped) return;
      this.#notify({ type: 'guest-changed', guestId, state: found?.state ?? 'gone' });
    } catch (error) {
      // Its state is in the report that follows once the hypervisor is back.
      log.warn({ err: error, host, guest: guestId }, 'the state of a changed guest cannot be read');
    }
  }

  /** Reads the state once operations in progress have ended: an event may be outdated by then. */
  schedule(guestId: string): void {
    if (this.#scheduled.has(guestId)) return;
    this.#scheduled.add(guestId);
    this.#turns.take(guestId, () => this.now(guestId));
  }

  stop(): void {
    this.#stopped = true;
  }
}
