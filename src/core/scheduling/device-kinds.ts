/**
 * The kinds of free devices in a fleet, and how many of each kind its hosts have. Hosts are numbers
 * here: their slots in the fleet.
 */
import { type PciDevicePool, poolKey } from '../pci/pools/pool.ts';
import { matchesRequest, requestsOnly } from '../pci/pools/pool-match.ts';
import type { PciRequest } from '../pci/requests/request.ts';

/**
 * Free devices equal in all that a request may require but their card: hosts with such cards share
 * the kind.
 */
export interface DeviceKind {
  example: PciDevicePool;
  /** Hosts that have free ones, in no order, and how many each has. */
  slots: number[];
  free: number[];
}

/**
 * Slots of hosts, in a list that the next query writes over. `isExact`: every one of them satisfies
 * the requests; else a few may not.
 */
export interface FittingSlots {
  slots: Int32Array;
  isExact: boolean;
}

/** How many devices some requests need of these kinds together. */
interface Need {
  kinds: DeviceKind[];
  count: number;
}

export class DeviceKinds {
  readonly #kinds = new Map<string, DeviceKind>();
  /** By slot; all 0 between two queries. */
  #sums = new Int32Array();
  /** Kept, as a list of thousands for each query would be most of its cost. */
  #found = new Int32Array();

  kindOf(pool: PciDevicePool): DeviceKind {
    const example = { ...pool, address: '', parentIfname: null, count: 0 };
    const key = poolKey(example);
    const kind = this.#kinds.get(key) ?? { example, slots: [], free: [] };
    this.#kinds.set(key, kind);
    return kind;
  }

  /**
   * Of so many hosts those that have, counted over their cards, enough free devices for each
   * request, and for those together that take from the same kinds. A host left out cannot satisfy
   * them.
   */
  fitting(requests: readonly PciRequest[], hosts: number): FittingSlots {
    if (hosts > this.#found.length) {
      this.#found = new Int32Array(2 * hosts);
      this.#sums = new Int32Array(2 * hosts);
    }
    const needs: Need[] = [];
    for (const request of requests) {
      const kinds = this.#kindsFor(request);
      const same = needs.find((need) => isSame(need.kinds, kinds));
      if (same === undefined) needs.push({ kinds, count: request.count });
      else same.count += request.count;
    }
    const [rarest, ...others] = needs.toSorted((one, other) => sizeOf(one) - sizeOf(other));
    let count = rarest === undefined ? this.#all(hosts) : this.#have(rarest);
    for (const need of rarest === undefined ? [] : [rarest, ...others]) {
      count = this.#withEnough(need, count);
    }
    return { slots: this.#found.subarray(0, count), isExact: isExact(requests, needs) };
  }

  /** Finds every host; returns their number. */
  #all(hosts: number): number {
    for (let slot = 0; slot < hosts; slot += 1) this.#found[slot] = slot;
    return hosts;
  }

  /** Finds the hosts that have any of these devices; returns their number. */
  #have({ kinds }: Need): number {
    const [found, sums] = [this.#found, this.#sums];
    let count = 0;
    for (const { slots } of kinds) {
      for (const slot of slots) {
        if (sums[slot] === 1) continue;
        sums[slot] = 1;
        found[count] = slot;
        count += 1;
      }
    }
    for (let at = 0; at < count; at += 1) sums[found[at] ?? 0] = 0;
    return count;
  }

  /** Of the first `among` hosts found, keeps those that have enough; returns their number. */
  #withEnough({ kinds, count }: Need, among: number): number {
    const [found, sums] = [this.#found, this.#sums];
    for (const { slots, free } of kinds) {
      for (let at = 0; at < slots.length; at += 1) {
        const slot = slots[at] ?? 0;
        sums[slot] = (sums[slot] ?? 0) + (free[at] ?? 0);
      }
    }
    let kept = 0;
    for (let at = 0; at < among; at += 1) {
      const slot = found[at] ?? 0;
      if ((sums[slot] ?? 0) < count) continue;
      found[kept] = slot;
      kept += 1;
    }
    for (const { slots } of kinds) for (const slot of slots) sums[slot] = 0;
    return kept;
  }

  /** A kind has no card, so the filters check what the request requires of the card. */
  #kindsFor(request: PciRequest): DeviceKind[] {
    const spec = request.spec.map(({ address: _card, parent_ifname: _netdev, ...rest }) => rest);
    const cardless = { ...request, spec };
    return [...this.#kinds.values()].filter(
      ({ example, slots }) => slots.length > 0 && matchesRequest(example, cardless),
    );
  }
}

/**
 * Counting decides where no request names a card, no device serves two needs, and no PF could hide
 * the devices of another request.
 */
function isExact(requests: readonly PciRequest[], needs: readonly Need[]): boolean {
  const namesCard = ({ spec }: PciRequest) =>
    spec.some((one) => 'address' in one || 'parent_ifname' in one);
  if (requests.some(namesCard)) return false;
  if (requests.length <= 1) return true;
  if (requests.some(({ spec }) => requestsOnly(spec, 'type-PF'))) return false;
  const kinds = needs.flatMap((need) => need.kinds);
  return new Set(kinds).size === kinds.length;
}

function isSame(one: readonly DeviceKind[], other: readonly DeviceKind[]): boolean {
  return one.length === other.length && one.every((kind, at) => kind === other[at]);
}

function sizeOf({ kinds }: Need): number {
  return kinds.reduce((sum, { slots }) => sum + slots.length, 0);
}
