/**
 * Tables for people: aligned columns, two spaces between them, no lines drawn. Independent of the
 * content.
 */
import { styleText } from 'node:util';

/** One column. `value` gives a cell's text; an empty text shows as `-`. Figures align right. */
export interface Column<Row> {
  title: string;
  value(row: Row): string;
  align?: 'left' | 'right';
}

/**
 * The lines of a table, heading first, without trailing blanks.
 * Example: columns HOST and FREE (right), one row → `['HOST    FREE', 'host-1     7']`.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { bold?: boolean } = {},
): string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row) || '-'));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const join = (line: readonly string[]) =>
    line
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return columns[at]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const heading = join(columns.map((column) => column.title));
  return [options.bold === true ? bold(heading) : heading, ...cells.map(join)];
}

/**
 * A heading for a terminal. The caller decides whether it is one, so the stream is not checked
 * again.
 */
export function bold(text: string): string {
  return styleText('bold', text, { validateStream: false });
}
