/** Consoles of the guests of one host. A simulated one and libvirt pass the same suite. */
import type { Duplex } from 'node:stream';

/** `vnc`: its display, by the RFB protocol. `serial`: its first serial port. */
export type ConsoleKind = 'vnc' | 'serial';

/** Where a console is on its host: a port of the loopback address, or a device file. */
export type ConsolePlace = { port: number } | { path: string };

export interface GuestConsoles {
  /**
   * Where the console of a guest is; null: the guest has none of this kind. Throws `notFound` for
   * an unknown guest, `conflict` for one that does not run.
   */
  find(guestId: string, kind: ConsoleKind): Promise<ConsolePlace | null>;
  /**
   * A new connection to that console; it ends with the guest. Throws as `find`, and `notFound`
   * where the guest has none.
   */
  open(guestId: string, kind: ConsoleKind): Promise<Duplex>;
}
