/**
 * What most decisions read of hosts, as numbers side by side: a decision over thousands of hosts
 * reads these instead of thousands of snapshots. A host has its place in each list of numbers.
 */
import { hostAlive } from './filters/host-alive.ts';
import { hostEnabled } from './filters/host-enabled.ts';
import { hostHealth } from './filters/host-health.ts';
import { resources, roomOn } from './filters/resources.ts';
import type { Filter } from './filter.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import { type Amounts, roomForAmounts, writeAmounts } from './weigh-hosts.ts';

/** Filters that accept a host of which `isSurelyAccepted` is true. */
export const filtersByFigures: ReadonlySet<Filter> = new Set([
  hostEnabled,
  hostAlive,
  hostHealth,
  resources,
]);

export class HostFigures {
  #amounts = roomForAmounts(0);
  #vcpus = new Float64Array();
  #memoryMib = new Float64Array();
  #diskGib = new Float64Array();

  /** For the weighers. */
  get amounts(): Amounts {
    return this.#amounts;
  }

  write(place: number, host: HostState): void {
    if (place >= this.#vcpus.length) this.#grow(Math.max(1_024, 2 * place));
    writeAmounts(this.#amounts, place, host);
    // A host with a fault has no room: the filters decide about it.
    const isFaultless = host.enabled && host.alive && (host.problems ?? []).length === 0;
    const room = isFaultless ? roomOn(host) : noRoom;
    this.#vcpus[place] = room.vcpus;
    this.#memoryMib[place] = room.memoryMib;
    this.#diskGib[place] = room.diskGib;
  }

  /** False: the filters decide. */
  isSurelyAccepted(place: number, { vcpus, memoryMib, diskGib }: RequestSpec): boolean {
    return (
      vcpus <= (this.#vcpus[place] ?? 0) &&
      memoryMib <= (this.#memoryMib[place] ?? 0) &&
      diskGib <= (this.#diskGib[place] ?? 0)
    );
  }

  #grow(hosts: number): void {
    this.#amounts = roomForAmounts(hosts, this.#amounts);
    this.#vcpus = grown(this.#vcpus, hosts);
    this.#memoryMib = grown(this.#memoryMib, hosts);
    this.#diskGib = grown(this.#diskGib, hosts);
  }
}

/** Less than any server requires. */
const noRoom = { vcpus: -1, memoryMib: -1, diskGib: -1 };

function grown(figures: Float64Array, hosts: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(hosts);
  larger.set(figures);
  return larger;
}
