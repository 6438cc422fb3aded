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
