/**
 * The scheduler's latest snapshots of the hosts, kept between decisions, with an index from kinds
 * of free devices to the hosts that have them. Does not read hosts itself: call `put` for each host
 * whose row changed.
 */
import type { PciDevicePool } from '../pci/pools/pool.ts';
import type { PciRequest } from '../pci/requests/request.ts';
import { type DeviceKind, DeviceKinds, type FittingSlots } from './device-kinds.ts';
import type { HostState } from './host-state.ts';
import { HostFigures } from './host-figures.ts';
import type { RequestSpec } from './request-spec.ts';
import type { KnownHosts } from './weigh-hosts.ts';

/** A host's free devices of one kind: `kind.free[at]` of `kind.slots[at]`. */
interface Posting {
  kind: DeviceKind;
  at: number;
}

interface Entry {
  host: HostState;
  /** Of each of its pools. */
  kinds: DeviceKind[];
  postings: Posting[];
}

/**
 * Host snapshots by id. A decision checks only hosts that have devices for its requests, and mostly
 * counting alone decides, so its cost depends on the hosts that fit, not on all.
 */
export class Fleet {
  readonly #slots = new Map<string, number>();
  readonly #entries: Entry[] = [];
  readonly #kinds = new DeviceKinds();
  readonly #figures = new HostFigures();

  constructor(hosts: Iterable<HostState> = []) {
    for (const host of hosts) this.put(host);
  }

  /** All hosts, in no order. */
  get hosts(): HostState[] {
    return this.#entries.map(({ host }) => host);
  }

  get size(): number {
    return this.#entries.length;
  }

  /**
   * The snapshot of this host, to compare its generation with the row's; undefined when unknown.
   */
  get(hostId: string): HostState | undefined {
    return this.#entries[this.#slots.get(hostId) ?? -1]?.host;
  }

  /** Adds the host, or replaces its snapshot. Cost: the pools of this one host. */
  put(host: HostState): void {
    const slot = this.#slots.get(host.id) ?? this.#entries.length;
    const known = this.#entries[slot];
    const entry = known ?? { host, kinds: [], postings: [] };
    const kinds = host.pools.map((pool, at) => {
      const before = entry.host.pools[at];
      const kind = entry.kinds[at];
      return kind !== undefined && before !== undefined && isSameKind(before, pool)
        ? kind
        : this.#kinds.kindOf(pool);
    });
    this.#slots.set(host.id, slot);
    this.#entries[slot] = entry;
    entry.host = host;
    entry.kinds = kinds;
    this.#post(slot, entry);
    this.#figures.write(slot, host);
  }

  /** Removes the host; no effect when unknown. */
  remove(hostId: string): void {
    const slot = this.#slots.get(hostId);
    const entry = slot === undefined ? undefined : this.#entries[slot];
    if (slot === undefined || entry === undefined) return;
    for (const posting of entry.postings) this.#unpost(posting);
    this.#slots.delete(hostId);
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    // The last host takes the free slot.
    this.#entries[slot] = last;
    this.#slots.set(last.host.id, slot);
    for (const { kind, at } of last.postings) kind.slots[at] = slot;
    this.#figures.write(slot, last.host);
  }

  /**
   * The hosts that may satisfy the requests: all that have, counted over their cards, enough free
   * devices. A host left out cannot; a returned one may still be refused by a filter. No request:
   * all hosts.
   */
  hostsFor(requests: readonly PciRequest[]): HostState[] {
    return [...this.fitting(requests).slots].flatMap((slot) => this.in(slot) ?? []);
  }

  /** As `hostsFor`, in slots; `isExact`: the filter of devices need not check them. */
  fitting(requests: readonly PciRequest[]): FittingSlots {
    return this.#kinds.fitting(requests, this.size);
  }

  /** The snapshot in a slot that `fitting` returned since the last change. */
  in(slot: number): HostState | undefined {
    return this.#entries[slot]?.host;
  }

  /**
   * The hosts in no of these slots, which `fitting` returned; in no order. They are those of now,
   * whenever the result is called.
   */
  hostsExcept(slots: Int32Array): () => HostState[] {
    const isLeftOut = new Uint8Array(this.size);
    for (const slot of slots) isLeftOut[slot] = 1;
    const { hosts } = this;
    return () => hosts.filter((_, slot) => isLeftOut[slot] === 0);
  }

  /** Do the figures of a host show that the `filtersByFigures` accept it? */
  isSurelyAccepted(slot: number, spec: RequestSpec): boolean {
    return this.#figures.isSurelyAccepted(slot, spec);
  }

  /** The hosts in these slots, for weighing. */
  known(slots: Int32Array): KnownHosts {
    return {
      places: slots,
      amounts: this.#figures.amounts,
      host: (slot) => this.#entries[slot]?.host,
    };
  }

  /** Brings the entry's postings in line with its pools. */
  #post(slot: number, entry: Entry): void {
    const free = new Map<DeviceKind, number>();
    for (const [at, { count }] of entry.host.pools.entries()) {
      const kind = entry.kinds[at];
      if (kind !== undefined && count > 0) free.set(kind, (free.get(kind) ?? 0) + count);
    }
    const kept: Posting[] = [];
    for (const posting of entry.postings) {
      const { kind, at } = posting;
      const count = free.get(kind);
      if (count === undefined) {
        this.#unpost(posting);
        continue;
      }
      kind.free[at] = count;
      free.delete(kind);
      kept.push(posting);
    }
    for (const [kind, count] of free) {
      kept.push({ kind, at: kind.slots.push(slot) - 1 });
      kind.free.push(count);
    }
    entry.postings = kept;
  }

  /** The kind's last posting takes its place. */
  #unpost({ kind, at }: Posting): void {
    const slot = kind.slots.pop();
    const free = kind.free.pop();
    if (at === kind.slots.length || slot === undefined || free === undefined) return;
    kind.slots[at] = slot;
    kind.free[at] = free;
    const moved = this.#entries[slot]?.postings.find((posting) => posting.kind === kind);
    if (moved !== undefined) moved.at = at;
  }
}

/** Are the pools equal in all but card and count? Cheap, and false where uncertain. */
function isSameKind(one: PciDevicePool, other: PciDevicePool): boolean {
  return (
    one === other ||
    (one.tags === other.tags &&
      one.vendorId === other.vendorId &&
      one.productId === other.productId &&
      one.numaNode === other.numaNode &&
      one.deviceType === other.deviceType)
  );
}
