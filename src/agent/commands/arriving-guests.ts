/**
 * Guests that other hosts send here while they run. NICs that a guest had to leave behind are
 * plugged in as soon as it runs here: it has no network by them, and its arrival is reported to
 * the controller only when the other host has cleaned up.
 */
import type { CommandResult, HostCommand } from '#contracts/host/host-link.ts';
import { errorText } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { plugged } from '#core/guests/plan/plan-move.ts';
import type { HostParts } from '../host-parts.ts';
import { executeStep } from './execute-step.ts';
import type { GuestQueue } from './guest-queue.ts';

export interface ArrivingGuestsOptions {
  parts: HostParts;
  turns: GuestQueue;
}

export class ArrivingGuests {
  readonly #options: ArrivingGuestsOptions;
  readonly #expected = new Map<string, Guest>();
  readonly #unwatch: () => void;

  constructor(options: ArrivingGuestsOptions) {
    this.#options = options;
    this.#unwatch = options.parts.hypervisor.watch((change) => {
      if (change.what !== 'guest' || change.state !== 'running') return;
      const { guestId } = change;
      if (this.#expected.has(guestId)) options.turns.take(guestId, () => this.#arrived(guestId));
    });
  }

  /** A command of the guest has ended. Any but a successful `expect` ends the expectation. */
  ended({ serverId, body }: Pick<HostCommand, 'serverId' | 'body'>, { ok }: CommandResult): void {
    this.#expected.delete(serverId);
    if (ok && body.do === 'expect') this.#expected.set(serverId, body.guest);
  }

  stop(): void {
    this.#unwatch();
  }

  /** What fails is repeated by the command with which the move ends, which reports it. */
  async #arrived(guestId: string): Promise<void> {
    const { parts } = this.#options;
    const guest = this.#expected.get(guestId);
    if (guest === undefined) return;
    try {
      const found = (await parts.hypervisor.listGuests()).find(({ id }) => id === guestId);
      // libvirt reports a start also when the guest's memory begins to come.
      if (found?.state !== 'running') return;
      this.#expected.delete(guestId);
      for (const step of plugged(guest, found)) await executeStep(parts, step);
    } catch (error) {
      parts.log.warn(
        { guest: guestId },
        `a guest that has arrived lacks NICs: ${errorText(error)}`,
      );
    }
  }
}
