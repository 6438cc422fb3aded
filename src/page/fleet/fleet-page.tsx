/** All hosts: how many VFs are free, where, and which hosts need a look. */
import { useMemo, useRef } from 'preact/hooks';
import type { FleetHost } from '#client/shapes/fleet.ts';
import { hosts } from '../data/fleet.ts';
import { connection } from '../data/live.ts';
import { Choice } from '../parts/choice.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Figure, Figures } from '../parts/figures.tsx';
import { Legend } from '../parts/legend.tsx';
import { useQuery } from '../parts/query.ts';
import { type FleetFilter, groupings, groupsOf, showable, shownHosts } from './fleet-filters.ts';
import { FleetMap } from './fleet-map.tsx';
import { FleetSums, type FleetTotals } from './fleet-sums.ts';
import { HostTable } from './host-table.tsx';
import { NetworkTable } from './network-table.tsx';
import './fleet.css';

export function FleetPage() {
  const all = hosts.value;
  const [query, setQuery] = useQuery();
  const filter = query as FleetFilter;
  const { q, zone, network, show, sort, group } = filter;
  const shown = useMemo(
    () => shownHosts(all ?? [], { q, zone, network, show, sort } as FleetFilter),
    [all, q, zone, network, show, sort],
  );
  const groups = useMemo(() => groupsOf(shown, group), [shown, group]);
  const sums = useRef<FleetSums>(undefined);
  sums.current ??= new FleetSums();
  const { totals, rooms } = sums.current.of(shown);
  if (all === undefined) return <Waiting />;
  return (
    <>
      <div class="head">
        <h1>Fleet</h1>
        {all.length > 0 && <p class="muted">{countText(shown.length, all.length)}</p>}
      </div>
      {all.length === 0 ? (
        <NoHosts />
      ) : (
        <>
          <div class="summary">
            <FleetFigures totals={totals} hosts={shown.length} />
            <NetworkTable
              rooms={rooms}
              chosen={network ?? ''}
              onChoose={(name) => setQuery({ network: name })}
            />
          </div>
          <Filters all={all} filter={filter} setFilter={setQuery} />
          {shown.length === 0 ? (
            <p class="empty">No host matches. Change or clear the filters.</p>
          ) : (
            <>
              <FleetMap groups={groups} />
              <Legend />
              <HostTable
                hosts={shown}
                sort={sort ?? 'name'}
                onSort={(by) => setQuery({ sort: by === 'name' ? '' : by })}
              />
            </>
          )}
        </>
      )}
    </>
  );
}

function countText(shown: number, all: number): string {
  const hostsText = `${all.toLocaleString('en')} ${all === 1 ? 'host' : 'hosts'}`;
  return shown === all ? hostsText : `${shown.toLocaleString('en')} of ${hostsText}`;
}

function Waiting() {
  const { why } = connection.value;
  return (
    <div class="empty">
      <h1>Fleet</h1>
      {why === '' ? (
        <p>Reading the hosts …</p>
      ) : (
        <p class="message" role="alert">
          {why} Trying again.
        </p>
      )}
    </div>
  );
}

function NoHosts() {
  return (
    <p class="empty">
      No host has reported yet. A host appears here as soon as its agent connects; to enrol one, run{' '}
      <code>novella host enroll NAME</code> on the controller.
    </p>
  );
}

function FleetFigures({ totals, hosts: count }: { totals: FleetTotals; hosts: number }) {
  const { free, held, unusable, devices, up, problems, disabled } = totals;
  return (
    <Figures>
      <Figure label="VFs free" value={free} of={devices} />
      <Figure label="VFs held" value={held} of={devices} />
      <Figure label="cannot be given" value={unusable} of={devices} />
      <Figure label="hosts up" value={up} of={count} isBad={up < count} />
      <Figure label="with problems" value={problems} isBad={problems > 0} />
      <Figure label="disabled" value={disabled} />
    </Figures>
  );
}

interface FilterProps {
  all: readonly FleetHost[];
  filter: FleetFilter;
  setFilter: (change: Record<string, string>) => void;
}

function Filters({ all, filter, setFilter }: FilterProps) {
  const zones = useMemo(() => [...new Set(all.map(({ zone }) => zone))].sort(), [all]);
  const isFiltered = ['q', 'zone', 'network', 'show'].some((key) => key in filter);
  return (
    <search class="filters">
      <SearchField label="Name contains" value={filter.q ?? ''} onInput={(q) => setFilter({ q })} />
      <Choice
        label="Show"
        value={filter.show ?? ''}
        options={Object.entries(showable)}
        onChoose={(show) => setFilter({ show })}
      />
      {zones.length > 1 && (
        <Choice
          label="Zone"
          value={filter.zone ?? ''}
          options={[['', 'All zones'], ...zones.map((zone): [string, string] => [zone, zone])]}
          onChoose={(zone) => setFilter({ zone })}
        />
      )}
      <Choice
        label="Group the map by"
        value={filter.group ?? 'zone'}
        options={Object.entries(groupings)}
        onChoose={(group) => setFilter({ group: group === 'zone' ? '' : group })}
      />
      {isFiltered && (
        <button type="button" onClick={() => setFilter({ q: '', zone: '', network: '', show: '' })}>
          Clear filters
        </button>
      )}
    </search>
  );
}
