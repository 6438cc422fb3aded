import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { type Column, tableLines } from './table.ts';

interface Row {
  host: string;
  free: number;
}
const columns: Column<Row>[] = [
  { title: 'HOST', value: (row) => row.host },
  { title: 'FREE', value: (row) => String(row.free), align: 'right' },
];
const rows = [
  { host: 'host-1', free: 7 },
  { host: '', free: 128 },
];

test('a table aligns text left and figures right, and shows an empty cell as a dash', () => {
  expect(tableLines(columns, rows)).toEqual(['HOST    FREE', 'host-1     7', '-        128']);
});

test('a table without rows is its heading', () => {
  expect(tableLines(columns, [])).toEqual(['HOST  FREE']);
});

test('the heading is bold only on request, and nothing else is', () => {
  const [heading, ...rest] = tableLines(columns, rows, { bold: true });
  expect(heading).not.toBe('HOST    FREE');
  expect(stripVTControlCharacters(heading ?? '')).toBe('HOST    FREE');
  expect(rest).toEqual(tableLines(columns, rows).slice(1));
});
