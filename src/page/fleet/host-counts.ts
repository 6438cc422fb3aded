/** What a host of the fleet has, in numbers, and how it stands. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { type Kind, stateOfLetter } from '../parts/device-state.ts';

/** VFs and devices without SR-IOV; PFs are not counted beside their VFs. */
export type HostCounts = Record<Kind, number> & {
  /** All but those that are not offered. */
  devices: number;
  /** Held or blocked, missing, replaced, quarantined: what no server can be given. */
  unusable: number;
};

/** The most severe state that a host is in. */
export type Standing = 'down' | 'forced down' | 'problem' | 'disabled' | 'up';

const counted = new WeakMap<FleetHost, HostCounts>();

/** Counted once for each state of a host. */
export function countsOf(host: FleetHost): HostCounts {
  const known = counted.get(host);
  if (known !== undefined) return known;
  const counts = count(host.pfs.map(({ vfs }) => vfs).join('') + host.plain);
  counted.set(host, counts);
  return counts;
}

export function count(letters: string): HostCounts {
  const counts: HostCounts = {
    free: 0,
    claimed: 0,
    held: 0,
    blocked: 0,
    odd: 0,
    bad: 0,
    none: 0,
    devices: 0,
    unusable: 0,
  };
  for (const letter of letters) counts[stateOfLetter(letter).kind] += 1;
  counts.devices = letters.length - counts.none;
  counts.unusable = counts.blocked + counts.odd + counts.bad;
  return counts;
}

export function standingOf({ state, enabled, problems }: FleetHost): Standing {
  if (state === 'down') return 'down';
  if (state === 'forced-down') return 'forced down';
  if (problems.length > 0) return 'problem';
  return enabled ? 'up' : 'disabled';
}

export function networksOf({ pfs }: FleetHost): string[] {
  return [...new Set(pfs.flatMap(({ networks }) => networks))].sort();
}

/** Free and all VFs of one physical network, by NUMA node; '' for what has none. */
export interface NetworkRoom {
  network: string;
  free: number;
  devices: number;
  byNode: Map<string, { free: number; devices: number }>;
}

/** What one host adds to a network's room on one node. */
interface HostRoom {
  network: string;
  node: string;
  free: number;
  devices: number;
}

const roomsOfHosts = new WeakMap<FleetHost, HostRoom[]>();

function roomsOf(host: FleetHost): HostRoom[] {
  const known = roomsOfHosts.get(host);
  if (known !== undefined) return known;
  const rooms = host.pfs.flatMap(({ vfs, networks, numa_node: node }) => {
    const { free, devices } = count(vfs);
    const shared = { node: String(node ?? ''), free: host.state === 'up' ? free : 0, devices };
    return networks.map((network) => ({ network, ...shared }));
  });
  roomsOfHosts.set(host, rooms);
  return rooms;
}

/**
 * By name. The VFs of a PF that has several networks count for each of them; those of a host that
 * is down are not free.
 */
export function roomByNetwork(hosts: readonly FleetHost[]): NetworkRoom[] {
  const rooms = new Map<string, NetworkRoom>();
  for (const host of hosts) {
    for (const { network, node, free, devices } of roomsOf(host)) {
      const room = rooms.get(network) ?? { network, free: 0, devices: 0, byNode: new Map() };
      rooms.set(network, room);
      const at = room.byNode.get(node) ?? { free: 0, devices: 0 };
      room.byNode.set(node, at);
      at.free += free;
      at.devices += devices;
      room.free += free;
      room.devices += devices;
    }
  }
  return [...rooms.values()].sort((one, other) => (one.network < other.network ? -1 : 1));
}
