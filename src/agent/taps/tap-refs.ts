/**
 * Which tap that the agent created belongs to which NIC: it is removed with its NIC, and with its
 * guest at the latest.
 */
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { HostTaps } from '#contracts/host/host-taps.ts';
import type { HostTap } from '#core/guests/description/host-tap.ts';
import { KeyedQueue } from '#runtime/serial-queue.ts';

interface TapRecord {
  tap: HostTap;
  guestId: string;
  portId: string;
}

const folder = 'taps';

export class TapRefs {
  readonly #taps: HostTaps;
  readonly #memory: HostMemory;
  readonly #queue = new KeyedQueue();

  constructor({ taps, memory }: { taps: HostTaps; memory: HostMemory }) {
    this.#taps = taps;
    this.#memory = memory;
  }

  /** It is recorded before the tap is created, so that a failed creation is found again. */
  make(tap: HostTap, { guestId, portId }: Omit<TapRecord, 'tap'>): Promise<void> {
    return this.#queue.run(tap.devName, async () => {
      await this.#memory.write(keyOf(tap), { tap, guestId, portId });
      await this.#taps.ensureTap(tap, guestId);
    });
  }

  /** Without a port: all taps of the guest. */
  remove(guestId: string, portId?: string): Promise<void> {
    return this.#drop((tap) => tap.guestId === guestId && (portId ?? tap.portId) === tap.portId);
  }

  /**
   * Removes those of guests that are not on this host. A guest is always defined before its taps
   * are created.
   */
  async cleanUp(listGuests: () => Promise<readonly { id: string }[]>): Promise<void> {
    const known = new Set((await this.#records()).map(({ guestId }) => guestId));
    if (known.size === 0) return;
    const guestIds = new Set((await listGuests()).map(({ id }) => id));
    await this.#drop(({ guestId }) => known.has(guestId) && !guestIds.has(guestId));
  }

  async #drop(isDropped: (record: TapRecord) => boolean): Promise<void> {
    for (const record of (await this.#records()).filter(isDropped)) {
      await this.#queue.run(record.tap.devName, async () => {
        await this.#taps.removeTap(record.tap);
        await this.#memory.remove(keyOf(record.tap));
      });
    }
  }

  async #records(): Promise<TapRecord[]> {
    const keys = await this.#memory.keys(folder);
    const records = await Promise.all(keys.map((key) => this.#memory.read(key)));
    return records.filter((record) => record !== undefined) as TapRecord[];
  }
}

function keyOf({ devName }: HostTap): string {
  return `${folder}/${devName}`;
}
