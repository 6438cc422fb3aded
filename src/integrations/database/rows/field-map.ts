/**
 * One map between the fields of a core object and the columns of its table, read in both
 * directions.
 */
import type { Insertable, Selectable, Updateable } from 'kysely';

/** How a field is kept: as it is, as JSON text, or a yes as 1 and a no as 0. */
type Form = 'plain' | 'json' | 'flag';

/** Field → its column and form. */
export type FieldMap<Fields, Row> = {
  [Field in keyof Required<Fields>]: readonly [column: keyof Row & string, form: Form];
};

/**
 * The columns that this change sets; fields it does not have are left out. Example: `{ locked: true
 * }` → `{ locked: 1 }`.
 */
export function toColumns<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  change: Partial<Fields>,
): Updateable<Row> {
  const columns: Record<string, unknown> = {};
  for (const field of Object.keys(map) as (keyof Fields)[]) {
    const value = change[field];
    if (value === undefined) continue;
    const [column, form] = map[field];
    columns[column] = toColumn(form, value);
  }
  return columns as Updateable<Row>;
}

/** A whole row: all fields, and the columns that are no field of the object. */
export function toRow<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  fields: Fields,
  others: Updateable<Row>,
): Insertable<Row> {
  return { ...toColumns(map, fields), ...others } as unknown as Insertable<Row>;
}

/** The fields kept in this row. */
export function toFields<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  row: Selectable<Row>,
): Fields {
  const columns = row as Record<string, unknown>;
  const fields: Partial<Record<keyof Fields, unknown>> = {};
  for (const field of Object.keys(map) as (keyof Fields)[]) {
    const [column, form] = map[field];
    fields[field] = toField(form, columns[column]);
  }
  return fields as Fields;
}

function toColumn(form: Form, value: unknown): unknown {
  if (value === null || form === 'plain') return value;
  return form === 'json' ? JSON.stringify(value) : Number(value);
}

function toField(form: Form, value: unknown): unknown {
  if (value === null || form === 'plain') return value;
  return form === 'json' ? JSON.parse(value as string) : value !== 0;
}
