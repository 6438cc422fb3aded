/**
 * Which MACs the host's interfaces pass up to standbys: those of guests that are being sent to
 * another host, from the moment in which they release their VFs. While a guest has its VF, the
 * card must give its frames to the VF alone. Only what was opened here is closed: a MAC that the
 * interface passes up already is somebody else's, unless the record of a guest names it. Two guests
 * may have one MAC, in different networks; the last of them closes it.
 */
import type { HostBridges, Uplink } from '#contracts/host/host-bridges.ts';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { Log } from '#contracts/log.ts';
import { type Guest, standbyOf } from '#core/guests/description/guest.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';

const folder = 'uplinks';

export class StandbyUplinks {
  readonly #bridges: HostBridges;
  readonly #memory: HostMemory;
  readonly #log: Log;
  readonly #queue = new SerialQueue();
  /** Guests that are being sent. */
  readonly #sent = new Set<string>();

  constructor({ bridges, memory, log }: { bridges: HostBridges; memory: HostMemory; log: Log }) {
    this.#bridges = bridges;
    this.#memory = memory;
    this.#log = log;
  }

  /**
   * Runs `send`, which calls `onStandby` when the guest is about to continue by its standbys. The
   * uplinks are closed when `send` ends: the guest is gone by then, or has its VFs again. A failure
   * here only makes the guest's silence longer, and is not one of `send`.
   */
  async during(guest: Guest, send: (onStandby: () => void) => Promise<void>): Promise<void> {
    const uplinks = guest.nics.flatMap(uplinksOf);
    if (uplinks.length === 0) return send(() => undefined);
    this.#sent.add(guest.id);
    try {
      await send(() => void this.#open(guest.id, uplinks));
    } finally {
      this.#sent.delete(guest.id);
      await this.#try(guest.id, () => this.#close(guest.id));
    }
  }

  /** Closes what an earlier agent has left open, or a failure. */
  async cleanUp(): Promise<void> {
    for (const key of await this.#memory.keys(folder)) {
      const guestId = key.slice(folder.length + 1);
      await this.#queue.run(async () => {
        if (!this.#sent.has(guestId)) await this.#close(guestId);
      });
    }
  }

  /** They are recorded before they are opened, so that a failed opening is found again. */
  #open(guestId: string, uplinks: readonly Uplink[]): Promise<void> {
    return this.#try(guestId, async () => {
      if (!this.#sent.has(guestId)) return;
      const recorded = await this.#recorded();
      const ours: Uplink[] = [];
      for (const uplink of uplinks) {
        const isOurs = isIn(recorded, uplink) || !(await this.#bridges.hasUplink(uplink));
        if (isOurs) ours.push(uplink);
      }
      await this.#memory.write(keyOf(guestId), ours);
      for (const uplink of ours) await this.#bridges.openUplink(uplink);
    });
  }

  async #close(guestId: string): Promise<void> {
    const uplinks = await this.#read(keyOf(guestId));
    if (uplinks === undefined) return;
    const others = await this.#recorded(guestId);
    for (const uplink of uplinks) {
      if (!isIn(others, uplink)) await this.#bridges.closeUplink(uplink);
    }
    await this.#memory.remove(keyOf(guestId));
  }

  /** The uplinks in the records of all guests but one. */
  async #recorded(exceptGuestId?: string): Promise<Uplink[]> {
    const keys = await this.#memory.keys(folder);
    const others = keys.filter(
      (key) => exceptGuestId === undefined || key !== keyOf(exceptGuestId),
    );
    const records = await Promise.all(others.map((key) => this.#read(key)));
    return records.flatMap((record) => record ?? []);
  }

  async #read(key: string): Promise<Uplink[] | undefined> {
    return (await this.#memory.read(key)) as Uplink[] | undefined;
  }

  async #try(guestId: string, act: () => Promise<void>): Promise<void> {
    try {
      await this.#queue.run(act);
    } catch (error) {
      this.#log.warn({ err: error, guest: guestId }, 'uplinks of standbys could not be changed');
    }
  }
}

function uplinksOf(nic: Guest['nics'][number]): Uplink[] {
  const standby = standbyOf(nic);
  const physicalNetwork = standby?.wiring?.physicalNetwork ?? null;
  if (standby === undefined || physicalNetwork === null) return [];
  return [{ physicalNetwork, macAddress: standby.macAddress }];
}

function isIn(uplinks: readonly Uplink[], { physicalNetwork, macAddress }: Uplink): boolean {
  return uplinks.some(
    (each) => each.physicalNetwork === physicalNetwork && each.macAddress === macAddress,
  );
}

function keyOf(guestId: string): string {
  return `${folder}/${guestId}`;
}
