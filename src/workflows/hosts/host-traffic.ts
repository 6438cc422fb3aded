/**
 * What the VFs of guests have received and sent, as the hosts that are linked to this process
 * report it every half minute. Kept in memory only: it ends with the link.
 */
import type { VfTraffic } from '#contracts/host/guest-counters.ts';

/** One link of a host. */
export interface TrafficLink {
  take(vfs: readonly VfTraffic[]): void;
  end(): void;
}

export class HostTraffic {
  /** Whether hosts are to report it. */
  readonly isCounted: boolean;
  readonly #hosts = new Map<string, { link: TrafficLink; vfs: readonly VfTraffic[] }>();

  constructor(isCounted: boolean) {
    this.isCounted = isCounted;
  }

  /** What it takes replaces what the host has reported before, by any link; one of each address. */
  linked(hostId: string): TrafficLink {
    const link: TrafficLink = {
      take: (vfs) => {
        if (!this.isCounted) return;
        const byAddress = new Map(vfs.map((vf) => [vf.address, vf]));
        this.#hosts.set(hostId, { link, vfs: [...byAddress.values()] });
      },
      end: () => {
        if (this.#hosts.get(hostId)?.link === link) this.#hosts.delete(hostId);
      },
    };
    return link;
  }

  /** As last reported; none of a host that is not linked here, or has not reported any. */
  of(hostId: string): readonly VfTraffic[] {
    return this.#hosts.get(hostId)?.vfs ?? [];
  }
}
