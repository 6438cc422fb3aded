/** What the hosts of the fleet have together. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { count, countsOf, standingOf } from './host-counts.ts';

/** Free and all VFs of one physical network, by NUMA node; '' for what has none. */
export interface NetworkRoom {
  network: string;
  free: number;
  devices: number;
  byNode: Map<string, { free: number; devices: number }>;
}

/** The VFs of a host that is down count as not free, also for `unusable`. */
export interface FleetTotals {
  free: number;
  held: number;
  unusable: number;
  devices: number;
  up: number;
  problems: number;
  disabled: number;
}

/**
 * Sums of a list of hosts that changes in few places: where the new list is as long as the one
 * before, only the hosts that differ at their place are counted.
 */
export class FleetSums {
  #of: readonly FleetHost[] = [];
  #totals = noTotals();
  #rooms = new Map<string, NetworkRoom & { hosts: number }>();

  /** Of these hosts; `rooms` by name, with the VFs of a PF of several networks in each of them. */
  of(hosts: readonly FleetHost[]): { totals: FleetTotals; rooms: NetworkRoom[] } {
    const before = this.#of;
    this.#of = hosts;
    if (hosts.length === before.length) {
      for (const [at, host] of hosts.entries()) {
        const old = before[at];
        if (old === host || old === undefined) continue;
        this.#add(old, -1);
        this.#add(host, 1);
      }
    } else {
      this.#totals = noTotals();
      this.#rooms.clear();
      for (const host of hosts) this.#add(host, 1);
    }
    const rooms = [...this.#rooms.values()].filter((room) => room.hosts > 0);
    rooms.sort((one, other) => (one.network < other.network ? -1 : 1));
    return { totals: this.#totals, rooms };
  }

  #add(host: FleetHost, times: 1 | -1): void {
    const { free, held, claimed, unusable, devices } = countsOf(host);
    const isUp = host.state === 'up';
    const totals = this.#totals;
    totals.free += isUp ? times * free : 0;
    totals.held += times * (held + claimed);
    totals.unusable += times * (isUp ? unusable : unusable + free);
    totals.devices += times * devices;
    if (isUp) totals.up += times;
    if (host.problems.length > 0) totals.problems += times;
    if (standingOf(host) === 'disabled') totals.disabled += times;
    for (const { vfs, networks, numa_node: node } of host.pfs) {
      const counts = count(vfs);
      const sum = { free: isUp ? times * counts.free : 0, devices: times * counts.devices };
      for (const network of networks) {
        const room = this.#roomOf(network);
        room.hosts += times;
        addTo(room, sum);
        addTo(nodeOf(room, String(node ?? '')), sum);
      }
    }
  }

  #roomOf(network: string) {
    const known = this.#rooms.get(network);
    if (known !== undefined) return known;
    const made = { network, hosts: 0, free: 0, devices: 0, byNode: new Map() };
    this.#rooms.set(network, made);
    return made;
  }
}

function noTotals(): FleetTotals {
  return { free: 0, held: 0, unusable: 0, devices: 0, up: 0, problems: 0, disabled: 0 };
}

function nodeOf({ byNode }: NetworkRoom, node: string): { free: number; devices: number } {
  const known = byNode.get(node);
  if (known !== undefined) return known;
  const made = { free: 0, devices: 0 };
  byNode.set(node, made);
  return made;
}

function addTo(sum: { free: number; devices: number }, added: typeof sum): void {
  sum.free += added.free;
  sum.devices += added.devices;
}
