/** Short forms for the tables and indexes of migrations. */
import type { CreateTableBuilder, Kysely } from 'kysely';
import { rowNumber } from './dialect.ts';

type ColumnKind = 'text' | 'integer' | 'bigint' | 'real';

/**
 * A new table, to be completed with constraints and executed. A column is required unless its kind
 * ends in `?`.
 */
export function newTable(
  db: Kysely<unknown>,
  name: string,
  columns: Record<string, ColumnKind | `${ColumnKind}?` | 'row number'>,
): CreateTableBuilder<string, string> {
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name);
  for (const [column, kind] of Object.entries(columns)) {
    if (kind === 'row number') table = table.addColumn(column, 'integer', rowNumber(db));
    else if (kind.endsWith('?')) table = table.addColumn(column, kind.slice(0, -1) as ColumnKind);
    else table = table.addColumn(column, kind as ColumnKind, (built) => built.notNull());
  }
  return table;
}

/** Creates an index. */
export async function newIndex(
  db: Kysely<unknown>,
  name: string,
  table: string,
  columns: string[],
): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}
