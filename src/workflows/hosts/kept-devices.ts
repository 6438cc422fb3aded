/** The devices of hosts as this process last read or changed them, those used last. */
import type { Host, HostChange } from '#contracts/store/store.ts';
import { HostDevices } from '#core/pci/claims/host-devices.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';

interface Kept {
  generation: number;
  devices: HostDevices;
}

/** About a kilobyte each. */
const mostDevices = 20_000;

/** Each host's devices are valid for one generation of its row. */
export class KeptDevices {
  /** In the order of use. */
  readonly #hosts = new Map<string, Kept>();
  #size = 0;

  /** undefined where none are kept of this generation. */
  of({ id, generation }: Pick<Host, 'id' | 'generation'>): HostDevices | undefined {
    const kept = this.#hosts.get(id);
    if (kept?.generation !== generation) return undefined;
    this.#hosts.delete(id);
    this.#hosts.set(id, kept);
    return kept.devices;
  }

  /**
   * Keeps the rows as read after the host's row, and drops those that were not used for longest.
   */
  keep(
    { id, generation }: Pick<Host, 'id' | 'generation'>,
    rows: readonly PciDevice[],
  ): HostDevices {
    const devices = new HostDevices(rows);
    const known = this.#hosts.get(id);
    if (known !== undefined && known.generation > generation) return devices;
    this.#put(id, { generation, devices });
    for (const oldest of this.#hosts.keys()) {
      if (this.#size <= mostDevices || oldest === id) break;
      this.drop(oldest);
    }
    return devices;
  }

  /** A change was committed; without effect where the devices of another generation are kept. */
  apply({ hostId, generation, devices: changed = [] }: HostChange): void {
    const kept = this.#hosts.get(hostId);
    if (kept?.generation !== generation) return;
    this.#put(hostId, { generation: generation + 1, devices: kept.devices.apply(changed) });
  }

  drop(hostId: string): void {
    this.#size -= this.#hosts.get(hostId)?.devices.size ?? 0;
    this.#hosts.delete(hostId);
  }

  #put(hostId: string, kept: Kept): void {
    this.drop(hostId);
    this.#hosts.set(hostId, kept);
    this.#size += kept.devices.size;
  }
}
