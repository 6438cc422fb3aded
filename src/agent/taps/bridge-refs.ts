/**
 * Which NICs use which bridge that the agent created: a bridge is removed with its last NIC,
 * whatever changes in between.
 */
import type { HostBridges } from '#contracts/host/host-bridges.ts';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { BridgeWiring } from '#core/guests/description/guest.ts';
import { KeyedQueue } from '#runtime/serial-queue.ts';

interface BridgeUse {
  guestId: string;
  portId: string;
}

const folder = 'bridges';

export class BridgeRefs {
  readonly #bridges: HostBridges;
  readonly #memory: HostMemory;
  readonly #queue = new KeyedQueue();

  constructor({ bridges, memory }: { bridges: HostBridges; memory: HostMemory }) {
    this.#bridges = bridges;
    this.#memory = memory;
  }

  /** The use is recorded before the bridge is created, so that a failed creation is found again. */
  make(bridge: string, use: BridgeUse, wiring: BridgeWiring): Promise<void> {
    return this.#queue.run(bridge, async () => {
      const others = (await this.#uses(bridge)).filter(({ portId }) => portId !== use.portId);
      await this.#memory.write(keyOf(bridge), [...others, use]);
      await this.#bridges.ensureBridge(bridge, wiring);
    });
  }

  /** As that of the host's bridges. */
  interfaceOf(physicalNetwork: string): Promise<string | null> {
    return this.#bridges.interfaceOf(physicalNetwork);
  }

  /** Without a port: all uses of the guest. */
  release(guestId: string, portId?: string): Promise<void> {
    return this.#drop((use) => use.guestId === guestId && (portId ?? use.portId) === use.portId);
  }

  /**
   * Drops the uses of guests that are not on this host. A guest is always defined before its
   * bridges are made.
   */
  async cleanUp(listGuests: () => Promise<readonly { id: string }[]>): Promise<void> {
    const users = new Set<string>();
    for (const key of await this.#memory.keys(folder)) {
      for (const { guestId } of await this.#uses(key.slice(folder.length + 1))) users.add(guestId);
    }
    if (users.size === 0) return;
    const guestIds = new Set((await listGuests()).map(({ id }) => id));
    await this.#drop(({ guestId }) => users.has(guestId) && !guestIds.has(guestId));
  }

  async #drop(isDropped: (use: BridgeUse) => boolean): Promise<void> {
    for (const key of await this.#memory.keys(folder)) {
      const bridge = key.slice(folder.length + 1);
      await this.#queue.run(bridge, async () => {
        const uses = await this.#uses(bridge);
        const kept = uses.filter((use) => !isDropped(use));
        if (kept.length === uses.length) return;
        if (kept.length > 0) return this.#memory.write(key, kept);
        await this.#bridges.releaseBridge(bridge);
        return this.#memory.remove(key);
      });
    }
  }

  async #uses(bridge: string): Promise<BridgeUse[]> {
    return ((await this.#memory.read(keyOf(bridge))) as BridgeUse[] | undefined) ?? [];
  }
}

function keyOf(bridge: string): string {
  return `${folder}/${bridge}`;
}
