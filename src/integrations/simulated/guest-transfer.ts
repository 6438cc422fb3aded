/**
 * Moves of guests between simulated hosts. Hosts in different processes do not reach each other,
 * so the offer has all that the other host needs, and a guest that is sent live ends here and is
 * started there.
 */
import type { Fetch, GuestTransfer } from '#contracts/host/guest-transfer.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import { ComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import type { SimulatedGuestFiles } from './guest-files.ts';

export class SimulatedTransfer implements GuestTransfer {
  readonly #files: SimulatedGuestFiles;
  readonly #hypervisor: Hypervisor;

  constructor(files: SimulatedGuestFiles, hypervisor: Hypervisor) {
    this.#files = files;
    this.#hypervisor = hypervisor;
  }

  offer({ id }: Guest): Promise<string> {
    return this.#files.describe(id);
  }

  fetch(guest: Guest, { offer }: Fetch): Promise<void> {
    return this.#files.receive(guest, offer);
  }

  expect(): Promise<string> {
    return Promise.resolve('simulated');
  }

  async send({ id, name }: Guest): Promise<void> {
    const found = (await this.#hypervisor.listGuests()).find((each) => each.id === id);
    if (found === undefined || !isLive(found)) {
      throw new ComputeError('conflict', `guest ${name}: does not run`);
    }
    await this.#hypervisor.destroy(id);
    await this.#hypervisor.undefine(id);
  }

  /** It leaves at once. */
  progress(): Promise<null> {
    return Promise.resolve(null);
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  force(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
