/** The pools of a host's devices, kept while single devices change their status. */
import { comparePciAddresses } from '../devices/address.ts';
import type { PciDevice } from '../devices/device.ts';
import { groupByPool, type PciDevicePool, type FreeInPool } from '../pools/pool.ts';

/** Pools as `groupByPool` makes them; a change costs its devices, not all of the host's. */
export class KeptPools {
  readonly #groups: FreeInPool[];
  readonly #placeOf = new Map<string, number>();

  constructor(devices: readonly PciDevice[]) {
    const groups = groupByPool(devices);
    for (const [place, { members }] of groups.entries()) {
      for (const { address } of members) this.#placeOf.set(address, place);
    }
    this.#groups = groups.map(({ pool, free }) => ({ pool, free }));
  }

  get groups(): readonly FreeInPool[] {
    return this.#groups;
  }

  get pools(): PciDevicePool[] {
    return this.#groups.map(({ pool }) => pool);
  }

  /** The pools after these devices, known ones of unchanged kind, have their new status. */
  poolsAfter(changed: readonly PciDevice[]): PciDevicePool[] {
    const pools = this.pools;
    for (const device of changed) {
      const place = this.#placeOf.get(device.address) ?? -1;
      const pool = pools[place];
      if (pool === undefined) continue;
      const wasFree = this.#freeAt(place, device.address) >= 0;
      const gained = Number(device.status === 'available') - Number(wasFree);
      if (gained !== 0) pools[place] = { ...pool, count: pool.count + gained };
    }
    return pools;
  }

  /** Keeps the new status of these devices. Pool objects that others hold stay as they are. */
  apply(changed: readonly PciDevice[]): void {
    const touched = new Set<FreeInPool>();
    for (const device of changed) {
      const place = this.#placeOf.get(device.address) ?? -1;
      const group = this.#groups[place];
      if (group === undefined) continue;
      const at = this.#freeAt(place, device.address);
      if (at >= 0) group.free.splice(at, 1);
      if (device.status === 'available') insertInOrder(group.free, device);
      touched.add(group);
    }
    for (const group of touched) {
      const { pool, free } = group;
      if (pool.count !== free.length) group.pool = { ...pool, count: free.length };
    }
  }

  #freeAt(place: number, address: string): number {
    const free = this.#groups[place]?.free ?? [];
    const at = placeIn(free, address);
    return free[at]?.address === address ? at : -1;
  }
}

function insertInOrder(free: PciDevice[], device: PciDevice): void {
  free.splice(placeIn(free, device.address), 0, device);
}

/** Where the address is in the list, or would be. */
function placeIn(free: readonly PciDevice[], address: string): number {
  let low = 0;
  let high = free.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePciAddresses(free[middle]?.address ?? '', address) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
