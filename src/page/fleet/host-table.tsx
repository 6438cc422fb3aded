/** The hosts of the fleet as a table: what the map shows, in numbers and words. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { hostPath } from '../parts/host-path.ts';
import { ShareBar } from '../parts/share-bar.tsx';
import { countsOf, networksOf, standingOf } from './host-counts.ts';

const columns: readonly Column<FleetHost>[] = [
  {
    label: 'Host',
    sort: 'name',
    cell: ({ name }) => (
      <a href={hostPath(name)} title={name}>
        {name}
      </a>
    ),
  },
  { label: 'State', sort: 'state', cell: (host) => <span class="word">{stateText(host)}</span> },
  { label: 'Free', sort: 'free', isNumber: true, cell: (host) => countsOf(host).free },
  { label: 'Held', sort: 'held', isNumber: true, cell: heldBy },
  {
    label: 'Cannot be given',
    sort: 'unusable',
    isNumber: true,
    cell: (host) => countsOf(host).unusable,
  },
  { label: 'Share', cell: (host) => <ShareBar counts={countsOf(host)} /> },
  { label: 'Physical networks', cell: (host) => networksOf(host).join(', ') },
  { label: 'Zone', sort: 'zone', cell: ({ zone }) => zone },
  { label: 'Problems', cell: ({ problems }) => problems.join(', ') },
];

function stateText(host: FleetHost): string {
  const standing = standingOf(host);
  return standing === 'problem' ? 'up, problem' : standing;
}

function heldBy(host: FleetHost): number {
  const { held, claimed } = countsOf(host);
  return held + claimed;
}

interface HostTableProps {
  hosts: readonly FleetHost[];
  sort: string;
  onSort: (sort: string) => void;
}

export function HostTable({ hosts, sort, onSort }: HostTableProps) {
  return (
    <DataTable
      label="Hosts with their VFs"
      columns={columns}
      rows={hosts}
      keyOf={({ name }) => name}
      standingOf={standingOf}
      sort={sort}
      onSort={onSort}
    />
  );
}
