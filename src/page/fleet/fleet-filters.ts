/** Which hosts of the fleet are shown, and in which order: from the query of the address. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { sorted } from '../parts/data-table.tsx';
import { countsOf, networksOf, type Standing, standingOf } from './host-counts.ts';

export interface FleetFilter {
  /** Part of a host's name. */
  q?: string;
  zone?: string;
  network?: string;
  /** One of `showable`. */
  show?: string;
  /** One of `sorts`; with a minus before it in the other direction. */
  sort?: string;
  /** One of `groupings`. */
  group?: string;
}

export const showable = {
  '': 'All hosts',
  free: 'With free VFs',
  unusable: 'With VFs that cannot be given',
  problem: 'With problems',
  down: 'Down',
  disabled: 'Disabled',
} as const;

export const groupings = {
  zone: 'Zone',
  network: 'Physical network',
  state: 'State',
} as const;

const order: readonly Standing[] = ['down', 'forced down', 'problem', 'disabled', 'up'];

/** Numbers sort the largest first. */
const sorts: Record<string, (host: FleetHost) => number | string> = {
  name: ({ name }) => name,
  state: (host) => order.indexOf(standingOf(host)),
  zone: ({ zone }) => zone,
  free: (host) => -countsOf(host).free,
  held: (host) => -countsOf(host).held - countsOf(host).claimed,
  unusable: (host) => -countsOf(host).unusable,
};

export function shownHosts(hosts: readonly FleetHost[], filter: FleetFilter): readonly FleetHost[] {
  const { q = '', zone = '', network = '', show = '' } = filter;
  const text = q.toLowerCase();
  const shown = hosts.filter(
    (host) =>
      (text === '' || host.name.toLowerCase().includes(text)) &&
      (zone === '' || host.zone === zone) &&
      (network === '' || networksOf(host).includes(network)) &&
      isShown(host, show),
  );
  return sorted(shown, filter.sort ?? '', sorts);
}

function isShown(host: FleetHost, show: string): boolean {
  if (show === 'free') return countsOf(host).free > 0;
  if (show === 'unusable') return countsOf(host).unusable > 0;
  if (show === 'problem') return host.problems.length > 0;
  if (show === 'down') return host.state !== 'up';
  return show !== 'disabled' || !host.enabled;
}

/** Groups of the map by name. A host on several networks is in the group of all their names. */
export function groupsOf(
  hosts: readonly FleetHost[],
  group = 'zone',
): { name: string; hosts: FleetHost[] }[] {
  const nameOf = (host: FleetHost) => {
    if (group === 'network') return networksOf(host).join(', ') || 'no physical network';
    return group === 'state' ? standingOf(host) : host.zone;
  };
  const groups = Map.groupBy(hosts, nameOf);
  return [...groups]
    .map(([name, members]) => ({ name, hosts: members }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
