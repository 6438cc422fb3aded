/**
 * One map between the fields of a core object and the columns of its table, used in both
 * directions.
 */
import type { Insertable, Selectable, Updateable } from 'kysely';

/** How a field is stored: unchanged, as JSON text, or as a boolean in 1 and 0. */
type Form = 'plain' | 'json' | 'flag';

/** Field → its column and form. */
export type FieldMap<Fields, Row> = {
  [Field in keyof Required<Fields>]: readonly [column: keyof Row & string, form: Form];
};

/**
 * The columns that this change sets; absent fields are left out. Example: `{ locked: true }` → `{
 * locked: 1 }`.
 */
export function toColumns<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  change: Partial<Fields>,
): Updateable<Row> {
  const columns: Record<string, unknown> = {};
  for (const { field, column, form } of listOf(map)) {
    const value = (change as Record<string, unknown>)[field];
    if (value !== undefined) columns[column] = toColumn(form, value);
  }
  return columns as Updateable<Row>;
}

/** A complete row: all fields, and the columns that are not fields of the object. */
export function toRow<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  fields: Fields,
  others: Updateable<Row>,
): Insertable<Row> {
  return { ...toColumns(map, fields), ...others } as unknown as Insertable<Row>;
}

/** The fields stored in this row. */
export function toFields<Fields extends object, Row>(
  map: FieldMap<Fields, Row>,
  row: Selectable<Row>,
): Fields {
  const columns = row as Record<string, unknown>;
  const fields: Record<string, unknown> = {};
  for (const { field, column, form } of listOf(map)) {
    fields[field] = toField(form, columns[column]);
  }
  return fields as Fields;
}

interface MappedField {
  field: string;
  column: string;
  form: Form;
}

const lists = new WeakMap<object, MappedField[]>();

/** A map is read for each row: its entries are listed once. */
function listOf<Fields, Row>(map: FieldMap<Fields, Row>): MappedField[] {
  const known = lists.get(map);
  if (known !== undefined) return known;
  const entries = Object.entries<readonly [string, Form]>(map);
  const list = entries.map(([field, [column, form]]) => ({ field, column, form }));
  lists.set(map, list);
  return list;
}

function toColumn(form: Form, value: unknown): unknown {
  if (value === null || form === 'plain') return value;
  return form === 'json' ? JSON.stringify(value) : Number(value);
}

function toField(form: Form, value: unknown): unknown {
  if (value === null || form === 'plain') return value;
  return form === 'json' ? JSON.parse(value as string) : value !== 0;
}
