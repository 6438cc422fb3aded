/** Consoles of the guests of a simulated host. */
import { duplexPair, type Duplex } from 'node:stream';
import type { ConsoleKind, ConsolePlace, GuestConsoles } from '#contracts/host/guest-consoles.ts';
import { ComputeError } from '#core/errors.ts';
import { type FoundGuest, isLive } from '#core/guests/plan/plan.ts';
import type { SimulatedHypervisor } from '../hypervisor.ts';
import { serveRfb } from './rfb-server.ts';
import { serveSerial } from './serial-port.ts';

/** As QEMU's: a display per port, from this one on. */
const firstPort = 5_900;

/** Nothing listens at the places that it returns: connections are made within the process. */
export class SimulatedConsoles implements GuestConsoles {
  readonly #hypervisor: Pick<SimulatedHypervisor, 'listGuests' | 'watch'>;
  readonly #open = new Map<string, Set<Duplex>>();

  constructor(hypervisor: Pick<SimulatedHypervisor, 'listGuests' | 'watch'>) {
    this.#hypervisor = hypervisor;
    hypervisor.watch((change) => {
      if (change.what !== 'guest' || isRunning(change.state)) return;
      for (const stream of this.#open.get(change.guestId) ?? []) stream.destroy();
    });
  }

  async find(guestId: string, kind: ConsoleKind): Promise<ConsolePlace> {
    const { at } = await this.#running(guestId);
    return kind === 'vnc' ? { port: firstPort + at } : { path: `/dev/pts/${at}` };
  }

  async open(guestId: string, kind: ConsoleKind): Promise<Duplex> {
    const { guest } = await this.#running(guestId);
    const [mine, theirs] = duplexPair();
    const open = this.#open.get(guestId) ?? new Set();
    this.#open.set(guestId, open.add(mine));
    mine.once('close', () => {
      open.delete(mine);
      if (open.size === 0 && this.#open.get(guestId) === open) this.#open.delete(guestId);
    });
    mine.on('error', () => undefined);
    if (kind === 'vnc') void serveRfb(mine, guest);
    else serveSerial(mine, guest);
    return theirs;
  }

  async #running(guestId: string): Promise<{ guest: FoundGuest; at: number }> {
    const guests = await this.#hypervisor.listGuests();
    const at = guests.findIndex(({ id }) => id === guestId);
    const guest = guests[at];
    if (guest === undefined) {
      throw new ComputeError('notFound', `guest ${guestId}: not defined on this host`);
    }
    if (isLive(guest)) return { guest, at };
    throw new ComputeError('conflict', `guest ${guest.name}: it does not run`);
  }
}

function isRunning(state: FoundGuest['state'] | 'gone'): boolean {
  return state === 'running' || state === 'paused';
}
