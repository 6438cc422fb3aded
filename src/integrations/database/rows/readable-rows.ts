/** An unreadable row, as after a disk fault or a manual repair, loses only its own entry. */
import { damagedRecord } from '#core/damaged-record.ts';
import { ComputeError, errorText } from '#core/errors.ts';

const reported = new Set<string>();
const mostReported = 1_000;

/**
 * The result of `read` for each row, without those for which it throws: each of these is reported
 * once as a process warning. Example: `readRows('images', rows, shape.fromRow)`.
 */
export function readRows<Row, T>(table: string, rows: readonly Row[], read: (row: Row) => T): T[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      report(table, row, error);
      return [];
    }
  });
}

/**
 * The result of `read` for one row. Throws `conflict` where it throws, with its message as detail.
 * Example: `readRow('Flavor 5', row, read)` → `Flavor 5 cannot be read: its record in the database
 * is damaged; it can be deleted.`
 */
export function readRow<Row, T>(name: string, row: Row, read: (row: Row) => T): T {
  try {
    return read(row);
  } catch (error) {
    const detail = errorText(error);
    throw new ComputeError('conflict', damagedRecord(name).message, { detail, cause: error });
  }
}

/**
 * JSON text that a host reports again at its next start: unreadable text counts as not reported.
 */
export function readReported<T>(column: string, text: string | null | undefined, none: T): T {
  if (text === null || text === undefined || text === '') return none;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    report(column, { id: text.slice(0, 40) }, error);
    return none;
  }
}

function report(place: string, row: unknown, error: unknown): void {
  const { uuid, id, flavorid } = row as Record<string, string | number | undefined>;
  const name = `${place} ${flavorid ?? uuid ?? id ?? ''}`.trim();
  if (reported.has(name)) return;
  if (reported.size >= mostReported) reported.clear();
  reported.add(name);
  const why = errorText(error);
  process.emitWarning(`database: ${name} cannot be read and is left out: ${why}`, 'UnreadableRow');
}
