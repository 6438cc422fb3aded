/**
 * A long list as a table: only the rows that can be seen are in the document. Its order is in the
 * address; arrow keys move from row to row.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useVisibleRows } from './virtual-rows.ts';
import './data-table.css';

export interface Column<Row> {
  label: string;
  /** Its name in the address. Absent: the list cannot be ordered by it. */
  sort?: string;
  /** Numbers are ordered the largest first. */
  isNumber?: boolean;
  cell: (row: Row) => ComponentChildren;
}

interface DataTableProps<Row> {
  /** Of the list, for screen readers. */
  label: string;
  /** The first one is the row's head, and has the link that keys move to. */
  columns: readonly Column<Row>[];
  /** In the order in which they are shown. */
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Shown by style. Example: `down`. */
  standingOf?: (row: Row) => string;
  /** The name of a column; with a minus before it in the other direction. */
  sort: string;
  onSort: (sort: string) => void;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, keyOf, standingOf, sort, onSort } = props;
  const box = useRef<HTMLDivElement>(null);
  const { from, to, rowHeight } = useVisibleRows(box, rows.length);
  const onKeyDown = useRowKeys(box, rows.length, rowHeight);
  return (
    <div class="data-table" ref={box} role="region" aria-label={label} tabIndex={0}>
      <table aria-rowcount={rows.length + 1} onKeyDown={onKeyDown}>
        <caption class="visually-hidden">{label}. Arrow keys move from row to row.</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.label} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={from * rowHeight} columns={columns.length} />
          {rows.slice(from, to).map((row, at) => (
            <BodyRow
              key={keyOf(row)}
              row={row}
              at={from + at}
              columns={columns}
              standing={standingOf?.(row)}
            />
          ))}
          <Gap height={(rows.length - to) * rowHeight} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

interface BodyRowProps<Row> {
  row: Row;
  /** Its place in the list. */
  at: number;
  columns: readonly Column<Row>[];
  standing: string | undefined;
}

/** Made again when its row is another object: lists change several times a second. */
function BodyRow<Row>({ row, at, columns, standing }: BodyRowProps<Row>) {
  return useMemo(
    () => (
      <tr aria-rowindex={at + 2} data-row={at} data-standing={standing}>
        {columns.map(({ label: name, isNumber, cell }, place) =>
          place === 0 ? (
            <th key={name} scope="row">
              {cell(row)}
            </th>
          ) : (
            <td key={name} class={isNumber === true ? 'number' : undefined}>
              {cell(row)}
            </td>
          ),
        )}
      </tr>
    ),
    [row, at, columns, standing],
  );
}

/** The place of rows that are not in the document. */
function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td class="gap" colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  sort: string;
  onSort: (sort: string) => void;
}

function HeadCell<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { label, sort: by, isNumber = false } = column;
  const className = isNumber ? 'number' : undefined;
  if (by === undefined) {
    return (
      <th scope="col" class={className}>
        {label}
      </th>
    );
  }
  const isBy = sort === by || sort === `-${by}`;
  const isAscending = sort.startsWith('-') === isNumber;
  const direction = isAscending ? 'ascending' : 'descending';
  return (
    <th scope="col" class={className} aria-sort={isBy ? direction : undefined}>
      <button type="button" class="plain" onClick={() => onSort(sort === by ? `-${by}` : by)}>
        {label}
        <span aria-hidden="true">{isBy ? (isAscending ? ' ↑' : ' ↓') : ''}</span>
      </button>
    </th>
  );
}

/**
 * Rows in the order that the address names. `keys`: by column; numbers as negative ones, so that
 * the largest is the first.
 */
export function sorted<Row>(
  rows: readonly Row[],
  sort: string,
  keys: Record<string, (row: Row) => number | string>,
): readonly Row[] {
  const isReversed = sort.startsWith('-');
  const key = keys[isReversed ? sort.slice(1) : sort];
  if (key === undefined) return rows;
  const keyed = rows.map((row) => ({ row, by: key(row) }));
  keyed.sort((one, other) => (one.by < other.by ? -1 : one.by > other.by ? 1 : 0));
  if (isReversed) keyed.reverse();
  return keyed.map(({ row }) => row);
}

/** Arrow keys, Page Up and Down, Home and End move from the link of one row to that of another. */
function useRowKeys(box: { current: HTMLElement | null }, count: number, rowHeight: number) {
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
    if (link !== null) {
      link.focus();
      return;
    }
    wanted.current = to;
    element.scrollTop = to * rowHeight;
  };
}

function linkOf(box: HTMLElement | null, row: number): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`tr[data-row="${row}"] :is(a, button)`) ?? null;
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
