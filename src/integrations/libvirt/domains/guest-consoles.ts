/** Consoles of the guests that libvirt runs: QEMU's VNC server, and its pseudo-terminal. */
import { constants, openSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { ConsoleKind, ConsolePlace, GuestConsoles } from '#contracts/host/guest-consoles.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import { consolePlace } from './console-place.ts';
import { foundGuest, viewOf } from './domain-view.ts';

/** The only address at which a display is looked for, whatever the domain names. */
const loopback = '127.0.0.1';
const connectMs = 5_000;

export class LibvirtConsoles implements GuestConsoles {
  readonly #child: LibvirtChild;

  constructor({ child }: { child: LibvirtChild }) {
    this.#child = child;
  }

  async find(guestId: string, kind: ConsoleKind): Promise<ConsolePlace | null> {
    const row = await this.#child.call('findDomain', [guestId], `find guest ${guestId}`);
    const view = row === null ? undefined : viewOf(row);
    if (row === null || view?.metadata === undefined) {
      throw new ComputeError('notFound', `guest ${guestId}: not defined on this host`);
    }
    if (isLive(foundGuest(view))) return consolePlace(row.xml, kind);
    throw new ComputeError('conflict', `guest ${view.name}: it does not run`);
  }

  async open(guestId: string, kind: ConsoleKind): Promise<Duplex> {
    const place = await this.#known(guestId, kind);
    const stream = await opened(place, `guest ${guestId}`);
    try {
      // The guest may have ended since, and its port or terminal be another's by now. A guest that
      // still has the place had it all the time.
      const still = await this.#known(guestId, kind);
      if (isSame(place, still)) return stream;
      throw new ComputeError('unavailable', `guest ${guestId}: its console has moved; retry`);
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  async #known(guestId: string, kind: ConsoleKind): Promise<ConsolePlace> {
    const place = await this.find(guestId, kind);
    if (place !== null) return place;
    throw new ComputeError('notFound', `guest ${guestId}: it has no ${kind} console`);
  }
}

function isSame(one: ConsolePlace, other: ConsolePlace): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function opened(place: ConsolePlace, what: string): Promise<Duplex> {
  try {
    return 'port' in place ? await display(place.port) : terminal(place.path);
  } catch (cause) {
    const message = `${what}: its console cannot be opened: ${errorText(cause)}`;
    throw new ComputeError('unavailable', message, { cause });
  }
}

function display(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port, timeout: connectMs, noDelay: true });
    socket.once('timeout', () =>
      socket.destroy(new Error(`no answer within ${connectMs / 1_000} s`)),
    );
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/**
 * Never the agent's controlling terminal, whose end would end the agent. QEMU has made it raw: each
 * byte passes as it is.
 */
function terminal(path: string): Duplex {
  return new ReadStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY));
}
