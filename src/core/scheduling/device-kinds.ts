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

/** Slots of hosts. `isExact`: every one of them satisfies the requests; else a few may not. */
export interface FittingSlots {
  slots: number[];
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
  #sums: number[] = [];

  kindOf(pool: PciDevicePool): DeviceKind {
    const example = { ...pool, address: '', parentIfname: null, count: 0 };
    const key = poolKey(example);
    const kind = this.#kinds.get(key) ?? { example, slots: [], free: [] };
    this.#kinds.set(key, kind);
    return kind;
  }

  /**
   * Hosts that have, counted over their cards, enough free devices for each request, and for those
   * together that take from the same kinds. A host left out cannot satisfy them.
   */
  fitting(requests: readonly PciRequest[]): FittingSlots {
    const needs: Need[] = [];
    for (const request of requests) {
      const kinds = this.#kindsFor(request);
      const same = needs.find((need) => isSame(need.kinds, kinds));
      if (same === undefined) needs.push({ kinds, count: request.count });
      else same.count += request.count;
    }
    const [rarest, ...others] = needs.toSorted((one, other) => sizeOf(one) - sizeOf(other));
    if (rarest === undefined) return { slots: [], isExact: true };
    let slots = this.#withEnough(rarest);
    for (const need of others) slots = this.#withEnough(need, slots);
    return { slots, isExact: isExact(requests, needs) };
  }

  /** Of these slots, or of all. */
  #withEnough({ kinds, count }: Need, among?: readonly number[]): number[] {
    const sums = this.#sums;
    const touched: number[] = [];
    for (const { slots, free } of kinds) {
      for (let at = 0; at < slots.length; at += 1) {
        const slot = slots[at] ?? 0;
        const before = sums[slot] ?? 0;
        if (before === 0) touched.push(slot);
        sums[slot] = before + (free[at] ?? 0);
      }
    }
    const enough = (among ?? touched).filter((slot) => (sums[slot] ?? 0) >= count);
    for (const slot of touched) sums[slot] = 0;
    return enough;
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
