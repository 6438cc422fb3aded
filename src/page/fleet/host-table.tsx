/** The hosts of the fleet as a table; only the rows that can be seen are in the document. */
import { useEffect, useRef } from 'preact/hooks';
import type { FleetHost } from '#client/shapes/fleet.ts';
import { hostPath } from '../parts/host-path.ts';
import { type Kind, deviceStates } from '../parts/device-state.ts';
import { useVisibleRows } from '../parts/virtual-rows.ts';
import { countsOf, type HostCounts, networksOf, standingOf } from './host-counts.ts';

const rowHeight = 32;

const columns = [
  { sort: 'name', label: 'Host' },
  { sort: 'state', label: 'State' },
  { sort: 'free', label: 'Free', isNumber: true },
  { sort: 'held', label: 'Held', isNumber: true },
  { sort: 'unusable', label: 'Cannot be given', isNumber: true },
  { label: 'Share' },
  { label: 'Physical networks' },
  { sort: 'zone', label: 'Zone' },
  { label: 'Problems' },
] as const;

interface TableProps {
  hosts: readonly FleetHost[];
  sort: string;
  onSort: (sort: string) => void;
}

export function HostTable({ hosts, sort, onSort }: TableProps) {
  const box = useRef<HTMLDivElement>(null);
  const { from, to } = useVisibleRows(box, hosts.length, rowHeight);
  const onKeyDown = useRowKeys(box, hosts.length);
  return (
    <div class="host-table" ref={box} role="region" aria-label="Hosts" tabIndex={0}>
      <table aria-rowcount={hosts.length + 1} onKeyDown={onKeyDown}>
        <caption class="visually-hidden">
          Hosts with their VFs. Arrow keys move from host to host.
        </caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.label} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap rows={from} />
          {hosts.slice(from, to).map((host, at) => (
            <HostRow key={host.name} host={host} at={from + at} />
          ))}
          <Gap rows={hosts.length - to} />
        </tbody>
      </table>
    </div>
  );
}

/** The place of rows that are not in the document. */
function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td class="gap" colSpan={columns.length} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}

interface HeadProps extends Omit<TableProps, 'hosts'> {
  column: (typeof columns)[number];
}

function HeadCell({ column, sort, onSort }: HeadProps) {
  const className = 'isNumber' in column ? 'number' : undefined;
  if (!('sort' in column)) return <th scope="col">{column.label}</th>;
  const isBy = sort === column.sort || sort === `-${column.sort}`;
  // The first click on a number shows the largest first.
  const isAscending = sort.startsWith('-') === 'isNumber' in column;
  const direction = isAscending ? 'ascending' : 'descending';
  return (
    <th scope="col" class={className} aria-sort={isBy ? direction : undefined}>
      <button
        type="button"
        class="plain"
        onClick={() => onSort(sort === column.sort ? `-${column.sort}` : column.sort)}
      >
        {column.label}
        <span aria-hidden="true">{isBy ? (isAscending ? ' ↑' : ' ↓') : ''}</span>
      </button>
    </th>
  );
}

function HostRow({ host, at }: { host: FleetHost; at: number }) {
  const counts = countsOf(host);
  const standing = standingOf(host);
  return (
    <tr aria-rowindex={at + 2} data-row={at} data-standing={standing}>
      <th scope="row" title={host.name}>
        <a href={hostPath(host.name)}>{host.name}</a>
      </th>
      <td class="standing-word">{standing === 'problem' ? 'up, problem' : standing}</td>
      <td class="number">{counts.free}</td>
      <td class="number">{counts.held + counts.claimed}</td>
      <td class="number">{counts.unusable}</td>
      <td>
        <Bar counts={counts} />
      </td>
      <td>{networksOf(host).join(', ')}</td>
      <td>{host.zone}</td>
      <td>{host.problems.join(', ')}</td>
    </tr>
  );
}

const parts: readonly Kind[] = ['free', 'claimed', 'held', 'blocked', 'odd', 'bad'];

/** The numbers of the row as lengths: nothing that is not in the row. */
function Bar({ counts }: { counts: HostCounts }) {
  return (
    <span class="share" aria-hidden="true">
      {parts
        .filter((kind) => counts[kind] > 0)
        .map((kind) => (
          <span
            key={kind}
            data-kind={kind}
            title={`${counts[kind]} ${wordOf(kind)}`}
            style={{ width: `${(counts[kind] / counts.devices) * 100}%` }}
          />
        ))}
    </span>
  );
}

function wordOf(kind: Kind): string {
  return Object.values(deviceStates)
    .filter((state) => state.kind === kind)
    .map(({ word }) => word)
    .join(' or ');
}

/** Arrow keys, Page Up and Down, Home and End move from the link of one row to that of another. */
function useRowKeys(box: { current: HTMLElement | null }, count: number) {
  const wanted = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const link = linkOf(box.current, wanted.current);
    if (link === null) return;
    wanted.current = undefined;
    link.focus();
  });
  return (event: KeyboardEvent) => {
    const row = (event.target as Element).closest('tr')?.dataset['row'];
    const element = box.current;
    if (row === undefined || element === null) return;
    const to = target(event.key, Number(row), count);
    if (to === undefined) return;
    event.preventDefault();
    const link = linkOf(element, to);
    if (link !== null) return link.focus();
    wanted.current = to;
    element.scrollTop = to * rowHeight;
  };
}

function linkOf(box: HTMLElement | null, row: number): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`tr[data-row="${row}"] a`) ?? null;
}

function target(key: string, row: number, count: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + 10,
    PageUp: row - 10,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to));
}
